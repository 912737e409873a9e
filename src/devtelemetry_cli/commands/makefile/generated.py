"""devtel.mk and GNUmakefile of a repository, compared with what this devtel would write for its report URL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtelemetry_cli.client import atomic_files, destination, settings
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.commands.makefile import templates
from devtelemetry_cli.model import plain_text

COMMANDS = {templates.FRAGMENT: "devtel makefile", templates.EVERY_TARGET: "devtel makefile --every-target"}


@dataclass(frozen=True)
class GeneratedFile:
    """One of the two files. `is_ours` is false for a file of that name that devtel did not write."""

    path: Path
    is_ours: bool
    is_current: bool
    has_other_address: bool

    @property
    def renewal(self) -> str:
        """The sentence that says how it is written again."""
        return f"`{COMMANDS[self.path.name]}` writes it anew; commit it."


def find(context: Context, user: settings.UserConfig, project: settings.ProjectFile) -> Iterator[GeneratedFile]:
    """The files of the working folder and of the project file's. Raises OSError, ConfigurationError."""
    folders = {context.folder, str(Path(context.project).parent) if context.project else None} - {None}
    # As its maintainers would write it: an address in this environment is nobody else's.
    address = settings.report_url({}, user, project).url
    for path in sorted(Path(str(folder)) / name for folder in folders for name in COMMANDS):
        if path.exists():
            yield _compared(path, templates.render(path.name, destination.parse(address) if address else None))


def _compared(path: Path, wanted: str) -> GeneratedFile:
    text = plain_text.normalised(atomic_files.read(path))
    return GeneratedFile(path, templates.is_ours(path.name, text), text == wanted, _address(text) != _address(wanted))


def _address(text: str) -> str:
    """The line that names the report URL: the second."""
    return "".join(text.splitlines()[1:2])

"""devtel.mk and GNUmakefile of a repository, compared with what this devtel would write for its report URL."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtelemetry_cli.client import atomic_files, destination, settings
from devtelemetry_cli.client.consent.terms import CHOSEN, EVERY
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.commands.makefile import every_target, templates
from devtelemetry_cli.model import plain_text

SCOPES = {templates.EVERY_TARGET: EVERY, templates.FRAGMENT: CHOSEN}
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
    """Each of the files here, the nearest first. Raises OSError, ConfigurationError."""
    # As its maintainers would write it: an address in this environment is nobody else's.
    address = settings.report_url({}, user, project).url
    for path in paths(context):
        yield _compared(path, templates.render(path.name, destination.parse(address) if address else None))


def paths(context: Context) -> list[Path]:
    """Files of these names, devtel's or not: from the working folder up to the top of its repository, then beside the
    project file.
    """
    folders = every_target.folders(Path(context.folder)) if context.folder is not None else []
    beside = [Path(os.path.realpath(context.project)).parent] if context.project else []  # also for a loop of links
    found = [folder / name for folder in dict.fromkeys([*folders, *beside]) for name in SCOPES]
    return [path for path in found if path.exists()]


def _compared(path: Path, wanted: str) -> GeneratedFile:
    text = plain_text.normalised(atomic_files.read(path))
    return GeneratedFile(path, templates.is_ours(path.name, text), text == wanted, _address(text) != _address(wanted))


def _address(text: str) -> str:
    """The line that names the report URL: the second."""
    return "".join(text.splitlines()[1:2])

"""The makes that the plug-in is approved for, kept beside it in the state folder, and the variables that make reads."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devtelemetry_cli.client import atomic_files

FILE = "approval.json"
_LITERAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+/@,~-")


@dataclass(frozen=True)
class Make:
    """One make: the command that was found, the program that it runs, and the reason not to load the plug-in into it.

    The stamps are size and time of the two files, as `stamp` gives them; `refusal` is "" for an approved make.
    """

    command: str
    command_stamp: str
    program: str
    version: str
    program_stamp: str
    refusal: str = ""

    @property
    def entry(self) -> str:
        """Its entry in `devtel_makes`: GNUmakefile compares the version, the plug-in the program with its stamp."""
        return f"|{self.version}|{self.program}|{self.program_stamp}|"

    def is_current(self) -> bool:
        """Whether both files are as they were at the trial."""
        return stamp(self.command) == self.command_stamp and stamp(self.program) == self.program_stamp


@dataclass(frozen=True)
class Approval:
    """The library that was built, and the makes it was tried in; `refusal` is the reason why no make may load it.

    `source` and `digest` are SHA-256 of what the library is built from and of the library. Its file is named by its
    source: a makefile that still names an older one finds no file, never a library that its make has not approved.
    """

    source: str = ""
    digest: str = ""
    makes: tuple[Make, ...] = ()
    refusal: str = ""

    def library(self, folder: Path) -> Path:
        """The library's file."""
        return folder / f"devtel-{self.source[:12]}.so"

    def make(self, command: str) -> Make | None:
        """The entry of a make by the command that was found."""
        return next((make for make in self.makes if make.command == command), None)


def read(folder: Path) -> Approval:
    """The approval kept in `folder`; an empty one where there is none, or none that can be understood."""
    try:
        values = json.loads(atomic_files.read(folder / FILE))
        return _approval(**values)
    except (OSError, ValueError, TypeError, RecursionError):
        return Approval()


def write(folder: Path, approval: Approval) -> None:
    """Keep the approval. Raises OSError."""
    atomic_files.atomic_write(folder / FILE, json.dumps(asdict(approval), indent=1).encode())


def stamp(path: str | Path) -> str:
    """Size and time of a file, in the form in which the plug-in compares them; "" where there is none."""
    try:
        status = Path(path).stat()
    except OSError:
        return ""
    return f"{status.st_size}:{status.st_mtime_ns // 10**9}.{status.st_mtime_ns % 10**9:09d}"


def is_literal(path: str) -> bool:
    """Whether a path means itself wherever a makefile may name it: no blank, no `$`, `%`, `:` or `#`."""
    return path.startswith("/") and _LITERAL.issuperset(path)


def make_variables(folder: Path, approval: Approval) -> dict[str, str]:
    """The variables that GNUmakefile needs to load the plug-in; none where no make is approved."""
    makes = " ".join(dict.fromkeys(make.entry for make in approval.makes if not make.refusal))
    return {"devtel_plugin": str(approval.library(folder)), "devtel_makes": makes} if makes else {}


def _approval(source: str, digest: str, makes: list[dict[str, Any]], refusal: str) -> Approval:
    approval = Approval(source, digest, tuple(Make(**make) for make in makes), refusal)
    texts = [source, digest, refusal, *(text for make in approval.makes for text in asdict(make).values())]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("an approval holds texts only")
    return approval

"""Read a Makefile with what it includes, and put a new text in its place. Nothing else in this room sees a disk."""

import os
import stat
import tempfile
from pathlib import Path

from devtelemetry_cli import files
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.instrument import knowledge, reading, scanning
from devtelemetry_cli.instrument.reading import Kind
from devtelemetry_cli.instrument.rewriting import INCLUDED

DEFAULTS = ("GNUmakefile", "makefile", "Makefile")  # in make's order
_UNCHANGED = "Nothing was changed."


def find(named: Path | None) -> Path:
    """The Makefile: the one that is named, else the one that make would take. Raises DevtelError."""
    if named is not None:
        return named
    found = next((Path(name) for name in DEFAULTS if Path(name).exists()), None)
    if found is None:
        raise DevtelError("There is no Makefile here.", "Name one with --makefile.")
    return found


def read(path: Path) -> str:
    """A Makefile's text with every byte in it. Raises DevtelError where it is not UTF-8, or cannot be read."""
    try:
        data = files.read(path)
    except OSError as fault:
        raise DevtelError(f"{path} cannot be read: {fault.strerror or fault}.", _UNCHANGED) from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        number = data.count(b"\n", 0, fault.start) + 1
        raise DevtelError(f"{path} is not UTF-8 (line {number}).", _UNCHANGED) from None
    if "\0" in text:
        raise DevtelError(f"{path} is no text: it holds a NUL character.", _UNCHANGED)
    return text


def included(path: Path, text: str) -> tuple[dict[str, str], list[str]]:
    """The files that a Makefile includes by plain names, with their texts, and the names that cannot be followed."""
    texts: dict[str, str] = {}
    unseen: list[str] = []
    left, seen = [text], {INCLUDED}
    while left:
        for name in _named(left.pop()):
            if name in seen:
                continue
            seen.add(name)
            try:
                texts[name] = files.read(path.parent / name).decode("utf-8")
                left.append(texts[name])
            except (OSError, ValueError):
                unseen.append(name)
    return texts, unseen


def read_with(path: Path, text: str) -> tuple[dict[str, str], list[str]]:
    """What make reads with a file: what it includes, and where the Makefile here includes it, that and the rest.

    Files by name, and the names that cannot be followed.
    """
    texts, unseen = included(path, text)
    main = next((Path(name) for name in DEFAULTS if Path(name).exists()), None)
    if main is None or main.resolve() == path.resolve():
        return texts, unseen
    whole = read(main)
    around, more = included(main, whole)
    if path.resolve() not in [Path(name).resolve() for name in around]:
        return texts, unseen
    others = {name: other for name, other in around.items() if Path(name).resolve() != path.resolve()}
    return {str(main): whole, **others, **texts}, [*unseen, *more]


def holder(path: Path, text: str, target: str) -> str:
    """The included file that has a rule for the target; empty where none has."""
    for name, other in included(path, text)[0].items():
        try:
            if target in knowledge.read(other).targets():
                return name
        except reading.UnreadableError:
            continue
    return ""


def _named(text: str) -> list[str]:
    try:
        lines = reading.read(text)
    except reading.UnreadableError:
        return []
    return [name for line in lines if line.kind is Kind.INCLUDE for name in scanning.names(line.value)]


def write(path: Path, text: str) -> None:
    """Put the text in the place of the file, or of what a symbolic link names; its mode stays. Raises DevtelError."""
    real = Path(os.path.realpath(path))
    mode = stat.S_IMODE(real.stat().st_mode)
    if not os.access(real, os.W_OK) or not mode & 0o222:
        raise DevtelError(f"{path} is read-only.", _UNCHANGED)
    try:
        _replace(real, text.encode("utf-8"), mode)
    except OSError as fault:
        raise DevtelError(f"{path} cannot be written: {fault.strerror or fault}.", _UNCHANGED) from None


def _replace(path: Path, data: bytes, mode: int) -> None:
    """A crash at any moment leaves the old file or the new one, whole."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, mode)
            owner = path.stat()
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.flush()
            os.fsync(descriptor)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise

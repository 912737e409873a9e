"""The command line of the make that started us, as far as make hands it on in no variable: goals, `-f`, `-o`, `-W`."""

import posix  # as in client/paths.py
import sys

from devtelemetry_cli.client.paths import fsdecode

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Iterator

GOAL, MAKEFILE, OLD, NEW, FOLDER = "", "-f", "-o", "-W", "-C"
_IGNORED = "ignored"
_SHORT = {
    "f": MAKEFILE,
    "o": OLD,
    "W": NEW,
    "C": FOLDER,
    "I": _IGNORED,
    "E": _IGNORED,
}  # the value may be the next word
_ATTACHED = "jlO"  # the value, if any, is the rest of the word
_LONG = {
    "file": MAKEFILE, "makefile": MAKEFILE, "old-file": OLD, "assume-old": OLD, "what-if": NEW, "new-file": NEW,
    "assume-new": NEW, "directory": FOLDER, "include-dir": _IGNORED, "eval": _IGNORED,
}  # fmt: skip


def of_parent() -> list[str] | None:
    """The words after `make` of the make that started us, perhaps through a shell; None where they cannot be read."""
    try:
        return _words_of(_make())[1:]
    except (OSError, ValueError, IndexError):
        return None


def given_environment() -> dict[str, str]:
    """The environment that this make was given, without what its Makefile exports; os.environ where that is unknown."""
    try:
        entries = read(f"/proc/{_make()}/environ").split(b"\0")
    except (OSError, ValueError, IndexError):
        import os  # noqa: PLC0415  on this way only

        return dict(os.environ)
    return dict(fsdecode(entry).partition("=")[::2] for entry in entries if b"=" in entry)


def makefiles(words: list[str]) -> list[str]:
    """The `-f FILE` of a call, as words for another one."""
    return [word for option in _parsed(words) if option[0] == MAKEFILE for word in option]


def old_and_new(words: list[str]) -> list[str]:
    """The `-o FILE` and `-W FILE` of a call, as words for another one."""
    return [word for option in _parsed(words) if option[0] in (OLD, NEW) for word in option]


def goals(words: list[str]) -> list[str]:
    """The goals of a call, as they were typed."""
    return [value for option, value in _parsed(words) if option == GOAL and "=" not in value]


def folder(words: list[str]) -> str:
    """The folder in which a call works, relative to that in which it was made."""
    import os  # noqa: PLC0415  only where a call is profiled

    return os.path.join(".", *[value for option, value in _parsed(words) if option == FOLDER])  # noqa: PTH118  text in, text out


def flags(words: list[str]) -> set[str]:
    """The letters of a call's short options, and the names of its long ones as they were typed."""
    found = {word[2:].partition("=")[0] for word in words if word.startswith("--")}
    for word in words:
        if word.startswith("-") and not word.startswith("--"):
            for letter in word[1:]:
                found.add(letter)
                if letter in _SHORT or letter in _ATTACHED:
                    break
    return found


def _parsed(words: list[str]) -> "Iterator[tuple[str, str]]":
    """(GOAL, MAKEFILE, OLD, NEW, FOLDER or _IGNORED; its value) for make's words that have a value, in their order."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from ((GOAL, goal) for goal in rest)
        elif not word.startswith("-"):
            yield GOAL, word
        else:
            option, value = _long(word[2:]) if word.startswith("--") else _short(word[1:])
            if option is not None:
                yield option, next(rest, "") if value is None else value


def _short(cluster: str) -> tuple[str | None, str | None]:
    """(the option with a value in a cluster of letters, the value), None where there is none in this word."""
    for index, letter in enumerate(cluster):
        if letter in _SHORT:
            return _SHORT[letter], cluster[index + 1 :] or None
        if letter in _ATTACHED:
            break
    return None, None


def _long(word: str) -> tuple[str | None, str | None]:
    """The same for a long option, whose name may be cut off as getopt allows it."""
    name, equals, value = word.partition("=")
    found = {option for long, option in _LONG.items() if long.startswith(name)}
    option = _LONG.get(name) or (found.pop() if len(found) == 1 else None)
    return option, value if equals else None


def _make() -> int:
    """The process that started us, perhaps through a shell."""
    pid = posix.getppid()
    return _parent_of(pid) if _words_of(pid)[1:2] == ["-c"] else pid


def _words_of(pid: int) -> list[str]:
    if sys.platform == "darwin":
        return _words_on_macos(pid)
    return [fsdecode(word) for word in read(f"/proc/{pid}/cmdline").split(b"\0")[:-1]]


def _parent_of(pid: int) -> int:
    return int(read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[1])


def read(path: str) -> bytes:
    """The content of a file in /proc. Raises OSError."""
    descriptor = posix.open(path, posix.O_RDONLY)
    try:
        text = b""
        while chunk := posix.read(descriptor, 65536):
            text += chunk
        return text
    finally:
        posix.close(descriptor)


def _words_on_macos(pid: int) -> list[str]:
    """By sysctl's KERN_PROCARGS2: the number of words, the program's path, zeros, the words. Raises OSError."""
    import ctypes  # noqa: PLC0415  macOS only, which has no /proc

    names = (ctypes.c_int * 3)(1, 49, pid)
    buffer, size = ctypes.create_string_buffer(1 << 20), ctypes.c_size_t(1 << 20)
    if ctypes.CDLL(None).sysctl(names, 3, buffer, ctypes.byref(size), None, 0):
        raise OSError("sysctl failed")
    count = int.from_bytes(buffer.raw[:4], sys.byteorder)
    words = buffer.raw[4 : size.value].partition(b"\0")[2].lstrip(b"\0").split(b"\0")
    return [fsdecode(word) for word in words[:count]]

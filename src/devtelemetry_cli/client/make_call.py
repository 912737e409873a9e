"""The command line of the make that started us, as far as make hands it on in no variable: `-f`, `-o` and `-W`."""

import os
import sys

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Iterator

MAKEFILE, OLD, NEW = "-f", "-o", "-W"
_SHORT = {
    "f": MAKEFILE,
    "o": OLD,
    "W": NEW,
    "C": "",
    "I": "",
    "E": "",
}  # make's options whose value may be the next word
_ATTACHED = "jlO"  # whose value, if any, is the rest of the word
_LONG = {
    "file": MAKEFILE, "makefile": MAKEFILE, "old-file": OLD, "assume-old": OLD, "what-if": NEW, "new-file": NEW,
    "assume-new": NEW, "directory": "", "include-dir": "", "eval": "",
}  # fmt: skip


def of_parent() -> list[str] | None:
    """The words after `make` of the make that started us, perhaps through a shell; None where they cannot be read."""
    try:
        words = _words_of(os.getppid())
        if words[1:2] == ["-c"]:
            words = _words_of(_parent_of(os.getppid()))
    except (OSError, ValueError, IndexError):
        return None
    return words[1:]


def handed_on(makefile: list[str]) -> list[str]:
    """The options that the make below needs to read what the calling make read; `makefile` where only one was named."""
    found = list(options(of_parent() or []))
    makefiles = [word for option, value in found if option == MAKEFILE for word in (option, value)]
    others = [word for option, value in found if option != MAKEFILE for word in (option, value)]
    return [*(makefiles if len(makefiles) > 2 else makefile), *others]


def options(words: list[str]) -> "Iterator[tuple[str, str]]":
    """(MAKEFILE, OLD or NEW; its value) for each of these options among make's words, in their order."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            return
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            found = _long(name)
        elif word.startswith("-"):
            found, value, equals = _short(word[1:])
        else:
            continue
        if found is None:
            continue
        if not equals:
            value = next(rest, "")
        if found:
            yield found, value


def _short(cluster: str) -> tuple[str | None, str, str]:
    """(the option that takes a value or None, the value, whether it stands in this word)."""
    for index, letter in enumerate(cluster):
        if letter in _SHORT:
            return _SHORT[letter], cluster[index + 1 :], cluster[index + 1 :]
        if letter in _ATTACHED:
            break
    return None, "", ""


def _long(name: str) -> str | None:
    """The option of a long name, which may be cut off as getopt allows it."""
    found = {option for long, option in _LONG.items() if long.startswith(name)}
    return _LONG.get(name) or (found.pop() if len(found) == 1 else None)


def _words_of(pid: int) -> list[str]:
    if sys.platform == "darwin":
        return _words_on_macos(pid)
    text = _read(f"/proc/{pid}/cmdline")
    return [os.fsdecode(word) for word in text.split(b"\0")[:-1]]


def _parent_of(pid: int) -> int:
    return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[1])


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        text = b""
        while chunk := os.read(descriptor, 65536):
            text += chunk
        return text
    finally:
        os.close(descriptor)


def _words_on_macos(pid: int) -> list[str]:
    """By sysctl's KERN_PROCARGS2: the number of words, the program's path, zeros, the words. Raises OSError."""
    import ctypes  # noqa: PLC0415  only there, where nothing else tells

    names = (ctypes.c_int * 3)(1, 49, pid)
    buffer, size = ctypes.create_string_buffer(1 << 20), ctypes.c_size_t(1 << 20)
    if ctypes.CDLL(None).sysctl(names, 3, buffer, ctypes.byref(size), None, 0):
        raise OSError("sysctl failed")
    count = int.from_bytes(buffer.raw[:4], sys.byteorder)
    words = buffer.raw[4 : size.value].partition(b"\0")[2].lstrip(b"\0").split(b"\0")
    return [os.fsdecode(word) for word in words[:count]]

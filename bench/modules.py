"""Runs devtel's start file with its arguments and notes which modules were loaded when make started, and at the end.

`modules.py OUT START wrap ...` writes two lines of names into OUT. Loads nothing that the interpreter has not loaded.
"""

import posix
import sys

_own = set(sys.modules)
_lines: list[str] = []
_out, _start = sys.argv.pop(1), sys.argv.pop(1)
_leave = posix._exit


def _loaded() -> str:
    return " ".join(sorted(set(sys.modules) - _own))


def _hook(event: str, _arguments: tuple) -> None:
    if event in ("os.posix_spawn", "os.exec") and not _lines:
        _lines.append(_loaded())
        if event == "os.exec":
            _write()


def _write() -> None:
    file = posix.open(_out, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600)
    posix.write(file, "\n".join([*_lines, _loaded()]).encode())
    posix.close(file)


def _exit(status: int) -> None:
    _write()
    _leave(status)


if __name__ == "__main__":
    with open(_start, "rb") as _file:  # noqa: PTH123  pathlib is not loaded
        _code = compile(_file.read(), _start, "exec")
    sys.addaudithook(_hook)
    posix._exit = _exit
    exec(_code, {"__name__": "__main__", "__file__": _start, "__package__": None})  # noqa: S102  as Python runs a start file

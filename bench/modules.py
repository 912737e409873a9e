"""Runs devtel with its arguments and notes which modules were loaded when make started, and at the end.

`modules.py OUT wrap ...` writes two lines of names into OUT. Loads nothing that the interpreter has not loaded.
"""

import os
import posix
import sys

_own = set(sys.modules)
_lines: list[str] = []
_out = sys.argv.pop(1)
_leave = os._exit


def _loaded() -> str:
    return " ".join(sorted(set(sys.modules) - _own))


def _hook(event: str, _arguments: tuple) -> None:
    if event in ("os.posix_spawn", "os.exec") and not _lines:
        _lines.append(_loaded())
        if event == "os.exec":
            _write()


def _write() -> None:
    file = os.open(_out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(file, "\n".join([*_lines, _loaded()]).encode())
    os.close(file)


def _exit(status: int) -> None:
    _write()
    _leave(status)


if __name__ == "__main__":
    from devtelemetry_cli.__main__ import main

    sys.addaudithook(_hook)
    os._exit = posix._exit = _exit
    main()

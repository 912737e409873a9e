"""The calls of make that are being recorded from outside: one small file each, named by make's process.

The plug-in changes no variable, so a run nested in such a call finds it here instead of in DEVTEL_RUN: its time is
waited for once, and counted once.
"""

import posix  # as in client/paths.py

from devtelemetry_cli.client.paths import StateDir, lexists

_MOST_ANCESTORS = 64


def announce(state: StateDir, pid: int, value: str) -> None:
    """Name the run that records make's process `pid`, in the form of DEVTEL_RUN. Raises OSError."""
    try:  # noqa: SIM105  contextlib is one more import for every call
        posix.mkdir(state.calls, 0o700)
    except FileExistsError:
        pass
    for name in posix.listdir(state.calls):
        if not lexists(f"/proc/{name}"):  # its recorder was killed
            withdraw(state, name)
    descriptor = posix.open(f"{state.calls}/{pid}", posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600)
    try:
        posix.write(descriptor, f"{_birth(pid)} {value}".encode())
    finally:
        posix.close(descriptor)


def withdraw(state: StateDir, pid: int | str) -> None:
    """Forget a call."""
    try:  # noqa: SIM105  contextlib is one more import for every call
        posix.unlink(f"{state.calls}/{pid}")
    except OSError:
        pass


def enclosing(state: StateDir, pid: int) -> str:
    """The nearest call that the process `pid` belongs to, in the form of DEVTEL_RUN; "" where there is none."""
    try:
        names = set(posix.listdir(state.calls))
    except OSError:
        return ""
    for _ in range(_MOST_ANCESTORS if names else 0):
        pid = int(_stat(pid)[1])
        if not pid:
            break
        if str(pid) in names and (value := _announced(state, pid)):
            return value
    return ""


def _announced(state: StateDir, pid: int) -> str:
    """The value of a process' file, if it is of this process and not of an earlier one with its number."""
    try:
        descriptor = posix.open(f"{state.calls}/{pid}", posix.O_RDONLY | posix.O_NONBLOCK | posix.O_NOCTTY)
    except OSError:
        return ""
    try:
        birth, _, value = posix.read(descriptor, 256).decode("ascii", "replace").partition(" ")
    finally:
        posix.close(descriptor)
    return value if birth == _birth(pid) else ""


def _birth(pid: int) -> str:
    """The start of a process in clock ticks since boot; "0" where it has ended."""
    return _stat(pid)[19]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on, the state; zeros where the process is gone."""
    try:
        descriptor = posix.open(f"/proc/{pid}/stat", posix.O_RDONLY)
    except OSError:
        return ["0"] * 20
    try:
        return posix.read(descriptor, 4096).rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return ["0"] * 20
    finally:
        posix.close(descriptor)

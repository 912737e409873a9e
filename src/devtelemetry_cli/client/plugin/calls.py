"""The calls of make that are being recorded from outside: one small file each, named by make's process.

The plug-in changes no variable, so a run nested in such a call finds it here instead of in DEVTEL_RUN: its time is
waited for once, and counted once.
"""

import os

from devtelemetry_cli.client.paths import StateDir

_MOST_ANCESTORS = 64


def announce(state: StateDir, pid: int, value: str) -> None:
    """Name the run that records make's process `pid`, in the form of DEVTEL_RUN. Raises OSError."""
    os.makedirs(state.calls, 0o700, exist_ok=True)
    for name in os.listdir(state.calls):
        if not os.path.exists(f"/proc/{name}"):  # its recorder was killed
            withdraw(state, name)
    descriptor = os.open(f"{state.calls}/{pid}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, f"{_birth(pid)} {value}".encode())
    finally:
        os.close(descriptor)


def withdraw(state: StateDir, pid: int | str) -> None:
    """Forget a call."""
    try:  # noqa: SIM105  contextlib is one more import for every call
        os.unlink(f"{state.calls}/{pid}")
    except OSError:
        pass


def enclosing(state: StateDir, pid: int) -> str:
    """The nearest call that the process `pid` belongs to, in the form of DEVTEL_RUN; "" where there is none."""
    try:
        names = set(os.listdir(state.calls))
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
        descriptor = os.open(f"{state.calls}/{pid}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return ""
    try:
        birth, _, value = os.read(descriptor, 256).decode("ascii", "replace").partition(" ")
    finally:
        os.close(descriptor)
    return value if birth == _birth(pid) else ""


def _birth(pid: int) -> str:
    """The start of a process in clock ticks since boot; "0" where it has ended."""
    return _stat(pid)[19]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on, the state; zeros where the process is gone."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return ["0"] * 20
    try:
        return os.read(descriptor, 4096).rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return ["0"] * 20
    finally:
        os.close(descriptor)

"""The number of records that could not be written: a counter of fixed size, which works on a full disk too.

It is created together with an agreement; without an agreement nothing is counted.
"""

import fcntl
import os
import stat
from contextlib import suppress

from devtelemetry_cli.client.paths import StateDir

_DIGITS = 12


def prepare(state: StateDir) -> None:
    """Create the counter where it is missing. Raises OSError."""
    os.makedirs(state, 0o700, exist_ok=True)
    _clear(state.dropped)
    descriptor = os.open(state.dropped, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size != _DIGITS:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"0" * _DIGITS)
    finally:
        os.close(descriptor)


def count(state: StateDir) -> None:
    """Count one dropped record, in place. Raises OSError where even that is impossible."""
    descriptor = os.open(state.dropped, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _lock_if_free(descriptor)
        so_far = os.pread(descriptor, _DIGITS, 0)
        number = int(so_far) if so_far.isdigit() else 0
        os.pwrite(descriptor, f"{number + 1:0{_DIGITS}d}".encode(), 0)
    finally:
        os.close(descriptor)


def counted(state: StateDir) -> int:
    """The number of dropped records."""
    try:
        descriptor = os.open(state.dropped, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return 0
    try:
        text = os.read(descriptor, _DIGITS)
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return int(text) if text.isdigit() else 0


def is_whole(state: StateDir) -> bool:
    """Whether the counter exists and can be written."""
    try:
        status = os.stat(state.dropped)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and os.access(state.dropped, os.R_OK | os.W_OK)


def _clear(place: str) -> None:
    """Remove anything that is not a writable file."""
    if os.path.isdir(place) and not os.path.islink(place):
        os.rename(place, f"{place}.damaged-{os.getpid()}")
    elif os.path.lexists(place) and not (os.path.isfile(place) and os.access(place, os.R_OK | os.W_OK)):
        os.unlink(place)


def _lock_if_free(descriptor: int) -> None:
    # Never wait for it: a stopped process that holds it must not stop a build. A lost count is the smaller harm.
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

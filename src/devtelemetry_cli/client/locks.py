"""Locks between devtel's processes: files in the state folder; the system releases a lock when its holder dies."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtelemetry_cli.client import paths
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.errors import ConfigurationError

FLUSH, CONSENT, CONFIG, ERASURES, INVITATIONS = "flush", "consent", "config", "erasures", "invitations"
WAIT = 10.0  # seconds
_POLL = 0.02  # seconds


class BusyError(OSError):
    """Another process holds the lock."""


@contextmanager
def exclusive(state: StateDir, name: str, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock `name` alone, after up to `wait` seconds.

    Raises BusyError, OSError where it cannot be made, and ConfigurationError where the files belong to another user.
    """
    check_owner(state)
    Path(state).mkdir(mode=0o700, parents=True, exist_ok=True)
    with held(state.lock(name), wait):
        yield


@contextmanager
def held(file: str, wait: float) -> Iterator[None]:
    """Hold a file's lock alone, after up to `wait` seconds. Raises BusyError, and OSError where it cannot be made.

    By flock(2), as earlier versions did through filelock, whose import took longer than most commands. The file stays:
    another process may have it open already, and would lock a file that has no name.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, file, time.monotonic() + wait)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a forked process may have the file open still
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, file: str, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # either, depending on the file system
            if time.monotonic() >= deadline:
                raise BusyError(errno.EAGAIN, "another devtel process is using it", file) from None
        time.sleep(_POLL)


def check_owner(state: StateDir) -> None:
    """Raise ConfigurationError where the files belong to another user: what is written would be out of their reach."""
    if foreign := paths.foreign_folder(state):
        raise ConfigurationError(
            f"{foreign} belongs to another user, so devtel writes nothing there.",
            "Run devtel as that user, or with a HOME of your own (sudo -H).",
        )

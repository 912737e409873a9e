"""Locks between devtel's processes: files in the state folder; the system releases a lock when its holder dies."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtelemetry_cli.client import paths
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.errors import ConfigurationError

FLUSH, CONSENT, CONFIG, ERASURES, INVITATIONS = "flush", "consent", "config", "erasures", "invitations"
WAIT = 10.0  # seconds


class BusyError(OSError):
    """Another process holds the lock."""


@contextmanager
def exclusive(state: StateDir, name: str, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock `name` alone, after up to `wait` seconds.

    Raises BusyError, OSError where it cannot be made, and ConfigurationError where the files belong to another user.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  processes that only read consent never take a lock

    check_owner(state)
    Path(state).mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(state.lock(name), timeout=wait, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(errno.EAGAIN, "another devtel process is using it", state.lock(name)) from None
    try:
        yield
    finally:
        lock.release()


def check_owner(state: StateDir) -> None:
    """Raise ConfigurationError where the files belong to another user: what is written would be out of their reach."""
    if foreign := paths.foreign_folder(state):
        raise ConfigurationError(
            f"{foreign} belongs to another user, so devtel writes nothing there.",
            "Run devtel as that user, or with a HOME of your own (sudo -H).",
        )

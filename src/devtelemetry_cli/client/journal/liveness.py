"""Whether a run without an end is still running."""

import time
from collections.abc import Callable
from pathlib import Path

from devtelemetry_cli.client.journal import machine_key
from devtelemetry_cli.client.paths import StateDir

# The start's time is taken within the first moments of the process; a machine under load may need some.
_STARTUP = 60.0
_CLOCK_NOISE = 2.0
_UNKNOWN = 86400.0  # seconds: how long a run of another host counts as running


def of_journal(folder: Path) -> Callable[[int, float], bool]:
    """The answer for the runs of one machine's journal; those of another host without an end are lost after a day."""
    return _is_recent if machine_key.is_of_another_host(StateDir.of_journal(folder), folder.name) else is_running


def _is_recent(_pid: int, started: float) -> bool:
    return time.time() - started < _UNKNOWN


def is_running(pid: int, started: float) -> bool:
    """Whether the process `pid` is the one that wrote a start at `started` (seconds since the epoch).

    PIDs are reused, so the process must also have been created just before the start.
    """
    import psutil  # noqa: PLC0415  20 ms, and rarely needed: most runs have ended

    try:
        created = psutil.Process(pid).create_time()
    except psutil.AccessDenied:
        return True
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False
    return -_CLOCK_NOISE <= started - created <= _STARTUP

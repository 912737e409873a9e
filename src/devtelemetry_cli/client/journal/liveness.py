"""Whether a run without an end is still running."""

import time
from collections.abc import Callable
from pathlib import Path

from devtelemetry_cli.client.journal import machine_key
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.model.records import Start

# The start's time is taken within the first moments of the process; a machine under load may need some.
_STARTUP = 60.0
_CLOCK_NOISE = 2.0
_UNKNOWN = 86400.0  # seconds: how long a run of another machine key counts as running


def of_journal(folder: Path) -> Callable[[Start], bool]:
    """Whether a run without an end in a machine's journal still runs; one of another key is lost after a day."""
    machine = machine_key.find(StateDir.of_journal(folder))

    def answer(start: Start) -> bool:
        if machine_key.is_of(folder.name, machine, start.grant):
            return is_running(start.pid, start.time)
        return time.time() - start.time < _UNKNOWN

    return answer


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

"""The limit of questions: one in 7 days over all destinations, 5 for one destination.

The count and the date are the only data kept about an undecided developer.
"""

import json
from pathlib import Path

from devtelemetry_cli.client import atomic_files, locks
from devtelemetry_cli.client.paths import StateDir

PAUSE = 7 * 86400  # seconds
MOST = 5


def due(state: StateDir, key: str, now: float) -> bool:
    """Whether the limit allows an invitation for the destination `key` now."""
    last, times = _read(Path(state.invitations))
    return abs(now - last) >= PAUSE and times.get(key, 0) < MOST


def spend(state: StateDir, key: str, now: float) -> bool:
    """Count one invitation before it is made; False where another run was faster. Raises OSError."""
    place = Path(state.invitations)
    try:
        with locks.exclusive(state, locks.INVITATIONS, wait=0):
            if not due(state, key, now):
                return False
            times = _read(place)[1]
            times[key] = times.get(key, 0) + 1
            atomic_files.atomic_write(place, json.dumps({"last": int(now), "times": times}).encode())
            return True
    except locks.BusyError:
        return False


def forget(state: StateDir, key: str) -> None:
    """Delete the count of a destination with a decision. Raises OSError."""
    place = Path(state.invitations)
    last, times = _read(place)
    if times.pop(key, None) is not None:
        atomic_files.atomic_write(place, json.dumps({"last": last, "times": times}).encode())


def _read(place: Path) -> tuple[int, dict[str, int]]:
    """(time of the last invitation, invitations per destination). A damaged file counts as exhausted."""
    try:
        book = json.loads(atomic_files.read(place))
        times = {str(key): int(count) for key, count in book["times"].items()}
        return int(book["last"]), times
    except FileNotFoundError:
        return 0, {}
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, AttributeError, RecursionError):
        return 0, _Exhausted()


class _Exhausted(dict[str, int]):
    """An unreadable counter counts as exhausted."""

    def get(self, _key: object, _default: object = None) -> int:
        return MOST

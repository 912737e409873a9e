"""Pending erasure requests: withdrawn IDs, each until its endpoint has confirmed or cannot erase.

The file contains nothing else, and no entry for a developer who never sent a report.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from devtelemetry_cli.client import atomic_files, locks
from devtelemetry_cli.client.paths import StateDir


@dataclass(frozen=True)
class Erasure:
    """One ID to be erased at one destination.

    `contact` answers for the data; `is_impossible`: the endpoint was asked and cannot erase.
    """

    url: str
    key: str
    anonymous_id: str
    contact: str = ""
    is_impossible: bool = False


def pending(state: StateDir) -> list[Erasure]:
    """The pending requests, oldest first; none where the file is missing. Raises OSError where it is damaged."""
    try:
        entries = json.loads(atomic_files.read(Path(state.pending_erasures)))
        return [_erasure(entry) for entry in entries]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise OSError(f"{state.pending_erasures} is damaged") from None


def queue(state: StateDir, erasure: Erasure) -> None:
    """Add a request, before anything else of its ID is deleted. A damaged file is moved aside. Raises OSError."""
    with locks.exclusive(state, locks.ERASURES):
        known = _readable(state)
        if (erasure.url, erasure.anonymous_id) not in [(other.url, other.anonymous_id) for other in known]:
            _write(state, [*known, erasure])


def settle(state: StateDir, erasure: Erasure) -> None:
    """Remove a request that was confirmed, or that a user knows to be impossible. Raises OSError."""
    with locks.exclusive(state, locks.ERASURES):
        _write(state, [known for known in pending(state) if known != erasure])


def mark_impossible(state: StateDir, erasure: Erasure) -> None:
    """Note that the endpoint cannot erase, so that it is not asked again before a user has seen it. Raises OSError."""
    with locks.exclusive(state, locks.ERASURES):
        _write(state, [replace(known, is_impossible=True) if known == erasure else known for known in pending(state)])


def _erasure(entry: dict[str, object]) -> Erasure:
    texts = {str(name): str(value) for name, value in entry.items() if name != "is_impossible"}
    return Erasure(**texts, is_impossible=entry.get("is_impossible") is True)


def _readable(state: StateDir) -> list[Erasure]:
    try:
        return pending(state)
    except OSError:
        place = Path(state.pending_erasures)
        place.replace(place.with_name(f"{place.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"))
        return []


def _write(state: StateDir, erasures: list[Erasure]) -> None:
    if erasures:
        entries = [{name: value for name, value in asdict(one).items() if value is not False} for one in erasures]
        atomic_files.atomic_write(Path(state.pending_erasures), json.dumps(entries, indent=1).encode())
    else:
        atomic_files.remove(Path(state.pending_erasures))

"""Erasures that endpoints still owe: IDs that were withdrawn, each until its endpoint confirmed or cannot.

The file holds nothing else, and nothing about anyone who never sent a report.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from devtelemetry_cli.client import atomic_files, locks
from devtelemetry_cli.client.paths import StateDir


@dataclass(frozen=True)
class Erasure:
    """One ID to be erased at one destination; `contact` is whom to ask where the endpoint cannot."""

    url: str
    key: str
    anonymous_id: str
    contact: str = ""


def pending(state: StateDir) -> list[Erasure]:
    """What is still to be erased, oldest first; empty where the file is missing. Raises OSError when it is damaged."""
    try:
        entries = json.loads(atomic_files.read(Path(state.pending_erasures)))
        return [Erasure(**{str(name): str(value) for name, value in entry.items()}) for entry in entries]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise OSError(f"{state.pending_erasures} is damaged") from None


def queue(state: StateDir, erasure: Erasure) -> None:
    """Remember an erasure before anything else of it is forgotten. What is damaged is moved aside. Raises OSError."""
    with locks.exclusive(state, locks.ERASURES):
        known = _readable(state)
        if (erasure.url, erasure.anonymous_id) not in [(owed.url, owed.anonymous_id) for owed in known]:
            _write(state, [*known, erasure])


def settle(state: StateDir, erasure: Erasure) -> None:
    """Forget an erasure that was confirmed, or that its endpoint cannot do. Raises OSError."""
    with locks.exclusive(state, locks.ERASURES):
        _write(state, [known for known in pending(state) if known != erasure])


def _readable(state: StateDir) -> list[Erasure]:
    try:
        return pending(state)
    except OSError:
        place = Path(state.pending_erasures)
        place.replace(place.with_name(f"{place.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"))
        return []


def _write(state: StateDir, erasures: list[Erasure]) -> None:
    if erasures:
        atomic_files.atomic_write(
            Path(state.pending_erasures), json.dumps([asdict(erasure) for erasure in erasures], indent=1).encode()
        )
    else:
        atomic_files.remove(Path(state.pending_erasures))

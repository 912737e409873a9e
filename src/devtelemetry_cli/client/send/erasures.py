"""Erasures that endpoints still owe: IDs that were withdrawn, each until its endpoint confirmed or cannot.

The file holds nothing else, and nothing about anyone who never sent a report.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from devtelemetry_cli.client import atomic_files


@dataclass(frozen=True)
class Erasure:
    """One ID to be erased at one destination; `contact` is whom to ask where the endpoint cannot."""

    url: str
    key: str
    anonymous_id: str
    contact: str = ""


def pending(state: str) -> list[Erasure]:
    """What is still to be erased, oldest first; empty where the file is missing. Raises OSError when it is damaged."""
    try:
        entries = json.loads(atomic_files.read(_place(state)))
        return [Erasure(**{str(name): str(value) for name, value in entry.items()}) for entry in entries]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise OSError(f"{_place(state)} is damaged") from None


def queue(state: str, erasure: Erasure) -> None:
    """Remember an erasure before anything else of it is forgotten. What is damaged is moved aside. Raises OSError."""
    with _alone(state):
        known = _readable(state)
        if (erasure.url, erasure.anonymous_id) not in [(owed.url, owed.anonymous_id) for owed in known]:
            _write(state, [*known, erasure])


def settle(state: str, erasure: Erasure) -> None:
    """Forget an erasure that was confirmed, or that its endpoint cannot do. Raises OSError."""
    with _alone(state):
        _write(state, [known for known in pending(state) if known != erasure])


def _readable(state: str) -> list[Erasure]:
    try:
        return pending(state)
    except OSError:
        place = _place(state)
        place.replace(place.with_name(f"{place.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"))
        return []


def _write(state: str, erasures: list[Erasure]) -> None:
    if erasures:
        atomic_files.atomic_write(
            _place(state), json.dumps([asdict(erasure) for erasure in erasures], indent=1).encode()
        )
    else:
        atomic_files.remove(_place(state))


def _alone(state: str) -> FileLock:
    Path(state).mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileLock(f"{state}/erasures.lock", timeout=10, mode=0o600)


def _place(state: str) -> Path:
    return Path(state) / "erasures.json"

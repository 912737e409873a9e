"""Delivery state per destination and machine: one small file per day, and one for the endpoint itself.

A day's entry is written before the report leaves and again after the answer, each time whole: after a crash at any
moment the day is at most sent once more, as the same or a larger total.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.client.paths import StateDir

SENDING, SENT, LATER, REFUSED, FROZEN, EXPIRED = "sending", "sent", "later", "refused", "frozen", "expired"
PURGED = "purged"  # the state of a tombstone, unless its day may still grow: then it is frozen
TOMBSTONE = "You purged this day; what was sent stays sent."  # the answer of a tombstone
_NAMES_OF_0_1_0 = {"told_runs": "sent_runs", "trouble": "last_error"}


@dataclass
class Entry:
    """One day. Times in seconds since the epoch, 0 for never.

    `sent_runs` is the highest total that ever left; `body` the bytes that left last and `sha256` their hash.
    `acknowledged` is the hash of the last body that the endpoint stored, with its runs and when.
    `journal_size` and `running` describe the journal that `body` was made from.
    """

    date: str
    state: str = SENDING
    sent_runs: int = 0
    body: str = ""
    sha256: str = ""
    acknowledged: str = ""
    acknowledged_at: float = 0.0
    acknowledged_runs: int = 0
    journal_size: int = -1
    running: int = 0
    tries: int = 0
    first_try: float = 0.0
    next_try: float = 0.0
    status: int = 0
    answer: str = ""

    @property
    def is_tombstone(self) -> bool:
        """Whether only totals, hash and anonymous ID are left of the day, after a purge."""
        return self.answer == TOMBSTONE


@dataclass
class DeliveryStatus:
    """Delivery status of one endpoint; `last_error` is the sentence of the present fault, empty without one."""

    last_flush: float = 0.0
    last_success: float = 0.0
    next_try: float = 0.0
    failures: int = 0
    last_error: str = ""


class Ledger:
    """The entries of one destination on one machine; `damaged` counts the files that could not be read."""

    def __init__(self, state: StateDir, key: str, host: str) -> None:
        self.host = host
        self.folder = Path(state.ledger(key, host))
        self.damaged = 0

    def entry(self, date: str) -> Entry:
        """A day's entry; a new one where the file is missing or damaged: the day is then sent again, whole."""
        return self._read(self.folder / f"{date}.json", Entry, Entry(date))

    def entries(self) -> list[Entry]:
        """All entries in the order of their dates."""
        return [self.entry(file.stem) for file in sorted(self.folder.glob("????-??-??.json"))]

    def keep(self, entry: Entry) -> None:
        """Write a day's entry. Raises OSError."""
        atomic_files.atomic_write(self.folder / f"{entry.date}.json", json.dumps(asdict(entry)).encode())

    def drop(self, date: str) -> None:
        """Delete a day's entry. Raises OSError."""
        (self.folder / f"{date}.json").unlink(missing_ok=True)

    def delivery_status(self) -> DeliveryStatus:
        """The delivery status of the endpoint; a new one where the file is missing or damaged."""
        return self._read(self.folder / "endpoint.json", DeliveryStatus, DeliveryStatus())

    def keep_delivery_status(self, status: DeliveryStatus) -> None:
        """Write the delivery status. Raises OSError."""
        atomic_files.atomic_write(self.folder / "endpoint.json", json.dumps(asdict(status)).encode())

    def sent_ids(self) -> set[str]:
        """The anonymous IDs in the reports that left, by the bodies that are kept."""
        return {found for entry in self.entries() if (found := _anonymous_id(entry.body))}

    def _read(self, path: Path, kind: "type[Kept]", empty: "Kept") -> "Kept":
        try:
            content = json.loads(atomic_files.read(path))
            values = {_NAMES_OF_0_1_0.get(name, name): value for name, value in content.items()}
            _check(values, empty)
            return kind(**values)
        except FileNotFoundError:
            return empty
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            self.damaged += 1
            return empty


Kept = TypeVar("Kept", Entry, DeliveryStatus)


def _anonymous_id(body: str) -> str:
    try:
        return str(json.loads(body)["developer"]).partition(".")[0]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _check(values: dict[str, Any], empty: Entry | DeliveryStatus) -> None:
    """Raise ValueError or TypeError unless every field is there and of its type."""
    for field in fields(empty):
        kind = type(getattr(empty, field.name))
        value = values.get(field.name)
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
            raise TypeError(f"{field.name} is damaged")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{field.name} is not a finite time")
    if isinstance(empty, Entry) and values["date"] != empty.date:
        raise ValueError("the entry is of another day")

"""What was told before, from the ledger: when, to whom, and the answer."""

from dataclasses import dataclass
from datetime import datetime

from devtelemetry_cli.client.send.ledger import Entry, Ledger
from devtelemetry_cli.commands.show.day import Query


@dataclass(frozen=True)
class Past:
    """One day as the ledger has it. Times in RFC 3339, None for never or not known.

    `state` is sent, later (not taken, tried again), sending (no answer was noted), refused, frozen or expired;
    `runs`, `bytes` and `sha256` are those of the body that left last, None where none left.
    """

    date: str
    machine: str
    state: str
    stored_at: str | None
    noted_at: str | None
    runs: int | None
    bytes: int | None
    sha256: str | None
    status: int | None
    answer: str | None


def history(look: Query, wanted: str | None) -> tuple[list[Past], int]:
    """The days that the ledger knows, or just `wanted`, in order; and how many entries are damaged. Raises OSError."""
    found, damaged = [], 0
    for _, book in look.books():
        entries = [entry for entry in book.entries() if wanted in (None, entry.date)]
        found += [_past(book, entry) for entry in entries]
        damaged += book.damaged
    return sorted(found, key=lambda one: (one.date, one.machine)), damaged


def _past(book: Ledger, entry: Entry) -> Past:
    told = bool(entry.body)
    return Past(
        date=entry.date,
        machine=book.host,
        state=entry.state,
        stored_at=_moment(entry.acknowledged_at),
        noted_at=_noted(book, entry.date),
        runs=entry.sent_runs if told else None,
        bytes=len(entry.body) if told and not entry.is_tombstone else None,
        sha256=entry.sha256 if told else None,
        status=entry.status or None,
        answer=entry.answer or None,
    )


def _noted(book: Ledger, day: str) -> str | None:
    """When the entry was written last: after its last try."""
    try:
        return _moment((book.folder / f"{day}.json").stat().st_mtime)
    except OSError:
        return None


def _moment(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds") if seconds else None

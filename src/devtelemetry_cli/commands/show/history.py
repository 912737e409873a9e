"""Earlier reports with their time and the answer, from the ledger."""

from dataclasses import dataclass
from datetime import datetime

from devtelemetry_cli.client.send.ledger import Entry, Ledger
from devtelemetry_cli.commands.show.day import Query


@dataclass(frozen=True)
class SentDay:
    """One day in the ledger. Times in RFC 3339, None for never or unknown.

    `state` is sent, later (not accepted, tried again), sending (no answer recorded), refused, frozen or expired;
    `runs`, `bytes` and `sha256` describe the body that was sent last, None where none was.
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


def history(query: Query, wanted: str | None) -> tuple[list[SentDay], int]:
    """The days in the ledger, or only `wanted`, in order; and the number of damaged entries. Raises OSError."""
    found, damaged = [], 0
    for _, book in query.machines():
        entries = [entry for entry in book.entries() if wanted in (None, entry.date)]
        found += [_sent_day(book, entry) for entry in entries]
        damaged += book.damaged
    return sorted(found, key=lambda one: (one.date, one.machine)), damaged


def _sent_day(book: Ledger, entry: Entry) -> SentDay:
    has_body = bool(entry.body)
    return SentDay(
        date=entry.date,
        machine=book.host,
        state=entry.state,
        stored_at=_moment(entry.acknowledged_at),
        noted_at=_noted(book, entry.date),
        runs=entry.sent_runs if has_body else None,
        bytes=len(entry.body) if has_body and not entry.is_tombstone else None,
        sha256=entry.sha256 if has_body else None,
        status=entry.status or None,
        answer=entry.answer or None,
    )


def _noted(book: Ledger, day: str) -> str | None:
    """The time at which the entry was written last: after the last attempt."""
    try:
        return _moment((book.folder / f"{day}.json").stat().st_mtime)
    except OSError:
        return None


def _moment(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds") if seconds else None

"""Delete records of this machine, day by day, so that no day is ever told again in a smaller form.

A day that was told leaves a stub in the ledger: how much was told, and under which ID, so that leaving still erases it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from devtelemetry_cli.client import locks, paths
from devtelemetry_cli.client.journal import dropped, machine_key, reader
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import ledger
from devtelemetry_cli.client.send.ledger import Entry, Ledger
from devtelemetry_cli.errors import TryLaterError
from devtelemetry_cli.model.records import Start

_LOCAL = paths.local_journal("")


@dataclass(frozen=True)
class Day:
    """One day of one journal: its runs (None where they cannot be read), and how many of them were never sent."""

    journal: str
    host: str
    date: str
    runs: int | None
    never_sent: int | None

    @property
    def is_own(self) -> bool:
        """Whether it was recorded for oneself, never to be sent."""
        return self.journal.endswith(_LOCAL)


def journals(state: StateDir, key: str | None) -> list[str]:
    """The journals of a destination, to be sent and for oneself; of all destinations for None. Raises OSError."""
    if key is not None:
        return [key, paths.local_journal(key)]
    return sorted({name for folder in (state.journals, state.ledgers) for name in _folders(Path(folder))})


def days(state: StateDir, names: Iterable[str], before: date | None) -> Iterator[Day]:
    """The days in these journals before a date (None: all) of which this machine keeps anything. Raises OSError."""
    for name in names:
        for host in machine_key.deliverable_keys(state, name):
            folder, book = Path(state.journal(name, host)), Ledger(state, name, host)
            recorded = set(reader.days(folder))
            told = {entry.date for entry in book.entries() if not entry.is_tombstone}
            for day in sorted(recorded | told):
                if before is None or date.fromisoformat(day) < before:
                    yield _look(name, host, day, folder if day in recorded else None, book)


def purge(state: StateDir, names: list[str], before: date | None, today: date) -> list[Day]:
    """Delete those days; what they were. Raises TryLaterError while a flush runs, OSError where one cannot be deleted.

    Cut off at any moment, it can be said again.
    """
    with _no_flush(state):
        found = list(days(state, names, before))
        for day in found:
            _forget(Ledger(state, day.journal, day.host), day, today)
            reader.file(Path(state.journal(day.journal, day.host)), day.date).unlink(missing_ok=True)
        if before is None:
            _count_anew(state)
        return found


def _look(name: str, host: str, day: str, folder: Path | None, book: Ledger) -> Day:
    runs = _runs(folder, day) if folder is not None else 0
    if runs is None or name.endswith(_LOCAL):
        return Day(name, host, day, runs, None if runs is None else 0)
    return Day(name, host, day, runs, max(0, runs - book.entry(day).acknowledged_runs))


def _folders(room: Path) -> list[str]:
    try:
        return [folder.name for folder in room.iterdir() if folder.is_dir()]  # glob would pass over what is forbidden
    except FileNotFoundError:
        return []


def _runs(folder: Path, day: str) -> int | None:
    try:
        return len({r.run for r in reader.records(reader.file(folder, day), reader.Tally()) if isinstance(r, Start)})
    except OSError:
        return None


def _forget(book: Ledger, day: Day, today: date) -> None:
    """Make a stub of a day's entry before its records go, so that nothing in between can tell it smaller."""
    damaged = book.damaged
    entry = book.entry(day.date)
    if not entry.sent_runs and book.damaged == damaged:
        book.drop(day.date)
        return
    # Runs can still begin on a day that is hardly over; what is damaged may have been told.
    may_grow = date.fromisoformat(day.date) >= today - timedelta(days=1) or book.damaged > damaged
    book.keep(
        Entry(
            date=day.date,
            state=ledger.FROZEN if may_grow else ledger.PURGED,
            sent_runs=entry.sent_runs,
            body=_only_the_id(entry.body),
            sha256=entry.sha256,  # of what was sent, so that it can still be recognised
            acknowledged=entry.acknowledged,
            acknowledged_at=entry.acknowledged_at,
            acknowledged_runs=entry.acknowledged_runs,
            status=entry.status,
            answer=ledger.TOMBSTONE,
        )
    )


def _only_the_id(body: str) -> str:
    try:
        return json.dumps({"developer": str(json.loads(body)["developer"])})
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _count_anew(state: StateDir) -> None:
    """What could not be recorded so far belongs to what is gone now."""
    counter = Path(state.dropped)
    if counter.exists():
        counter.unlink()
        dropped.prepare(state)


@contextmanager
def _no_flush(state: StateDir) -> Iterator[None]:
    """Hold the lock of a flush. Raises TryLaterError while one runs, OSError."""
    with ExitStack() as held:
        try:
            held.enter_context(locks.exclusive(state, locks.FLUSH, wait=0))
        except locks.BusyError:
            raise TryLaterError("A flush is running; nothing was deleted.", "Run the command again later.") from None
        yield

"""Delete records of this machine, day by day, so that no day is ever sent again with a smaller total.

A day that was sent leaves a tombstone in the ledger: its totals and its anonymous ID, so that declining still erases it
at the endpoint.
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
from devtelemetry_cli.client.send.ledger import FROZEN, PURGED, TOMBSTONE, Entry, Ledger
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
    def is_local(self) -> bool:
        """Whether its records are local, never to be sent."""
        return self.journal.endswith(_LOCAL)


def journals(state: StateDir, key: str | None) -> list[str]:
    """The journals of a destination, the local one too; of all destinations for None. Raises OSError."""
    if key is not None:
        return [key, paths.local_journal(key)]
    return sorted({name for folder in (state.journals, state.ledgers) for name in _folders(Path(folder))})


def days(state: StateDir, names: Iterable[str], before: date | None) -> Iterator[Day]:
    """The days in these journals before a date (None: all) with records or delivery state. Raises OSError."""
    for name in names:
        for host in machine_key.recorded_keys(state, name):
            folder, ledger = Path(state.journal(name, host)), Ledger(state, name, host)
            recorded = set(reader.days(folder))
            sent = {entry.date for entry in ledger.entries() if not entry.is_tombstone}
            for day in sorted(recorded | sent):
                if before is None or date.fromisoformat(day) < before:
                    yield _day(name, host, day, folder if day in recorded else None, ledger)


def purge(state: StateDir, names: list[str], before: date | None, today: date) -> list[Day]:
    """Delete those days and return them. Raises TryLaterError while a flush runs, OSError where one cannot be deleted.

    Safe to interrupt and run again.
    """
    with _no_flush(state):
        found = list(days(state, names, before))
        for day in found:
            _bury(Ledger(state, day.journal, day.host), day, today)
            reader.file(Path(state.journal(day.journal, day.host)), day.date).unlink(missing_ok=True)
        if before is None:
            _reset_dropped(state)
        return found


def _day(name: str, host: str, day: str, folder: Path | None, ledger: Ledger) -> Day:
    runs = _runs(folder, day) if folder is not None else 0
    if runs is None or name.endswith(_LOCAL):
        return Day(name, host, day, runs, None if runs is None else 0)
    return Day(name, host, day, runs, max(0, runs - ledger.entry(day).acknowledged_runs))


def _folders(parent: Path) -> list[str]:
    try:
        return [folder.name for folder in parent.iterdir() if folder.is_dir()]  # glob skips what it cannot read
    except FileNotFoundError:
        return []


def _runs(folder: Path, day: str) -> int | None:
    try:
        return len({r.run for r in reader.records(reader.file(folder, day), reader.Tally()) if isinstance(r, Start)})
    except OSError:
        return None


def _bury(ledger: Ledger, day: Day, today: date) -> None:
    """Replace a day's entry by a tombstone, before its records go: a crash in between sends nothing smaller."""
    damaged = ledger.damaged
    entry = ledger.entry(day.date)
    if not entry.sent_runs and ledger.damaged == damaged:
        ledger.drop(day.date)
        return
    # Runs may still start on a day that has hardly ended, and the day of a damaged entry may have been sent.
    may_grow = date.fromisoformat(day.date) >= today - timedelta(days=1) or ledger.damaged > damaged
    ledger.keep(
        Entry(
            date=day.date,
            state=FROZEN if may_grow else PURGED,
            sent_runs=entry.sent_runs,
            body=_id_only(entry.body),
            sha256=entry.sha256,  # so that the report that was sent can still be recognised
            acknowledged=entry.acknowledged,
            acknowledged_at=entry.acknowledged_at,
            acknowledged_runs=entry.acknowledged_runs,
            status=entry.status,
            answer=TOMBSTONE,
        )
    )


def _id_only(body: str) -> str:
    try:
        return json.dumps({"developer": str(json.loads(body)["developer"])})
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _reset_dropped(state: StateDir) -> None:
    """The records that could not be written belong to the days that are deleted."""
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

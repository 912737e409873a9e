"""Which days have something to tell, and what: journal and ledger -> the exact bytes of a report."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from devtelemetry_cli import aggregate
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.journal import liveness, reader
from devtelemetry_cli.client.send.ledger import EXPIRED, FROZEN, REFUSED, SENT, Entry, Ledger
from devtelemetry_cli.model.metrics import Environment
from devtelemetry_cli.report.encode import encode

AGAIN = 30  # days after which an acknowledged day is not told again
NEVER_SENT = 90  # days after which a day that could not be told is given up, and counted


@dataclass(frozen=True)
class Report:
    """One day's report as it would leave: its exact bytes, what they amount to, and what they were made from."""

    date: str
    body: bytes
    runs: int
    journal_size: int
    running: int

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.body).hexdigest()

    def has_changes(self, entry: Entry) -> bool:
        """Whether it tells more than what was told: never a smaller total, never the same bytes again."""
        return self.runs > 0 and self.runs >= entry.sent_runs and self.sha256 != entry.acknowledged


@dataclass(frozen=True)
class Journal:
    """The journal of one destination on this host, and the agreement under which it is told."""

    folder: Path
    host: str
    decision: Decision

    def report(self, day: str, environment: Environment) -> Report:
        """The report of a day as its records stand now. Raises OSError."""
        size = _size(self, day)  # before reading: what is appended meanwhile makes the day changed again
        summed = self.sum_up(day, reader.Tally())
        body = encode(summed.metrics, self.decision.anonymous_id, self.host, environment, self.decision.notice)
        return Report(day, body, summed.metrics.runs, size, summed.running)

    def sum_up(self, day: str, tally: reader.Tally) -> aggregate.Day:
        """The day's records of this agreement added up. Raises OSError."""
        records = reader.records(reader.file(self.folder, day), tally)
        return aggregate.day(day, records, self.decision.grant, liveness.is_running)


def changed(journal: Journal, ledger: Ledger, today: date) -> Iterator[str]:
    """The days that may have something to tell: changed since they were acknowledged, oldest first.

    A day that has not come yet waits for it: the clock was ahead, and an endpoint refuses it. One that was given up
    by a clock that was ahead is told after all.
    """
    for day in reader.days(journal.folder):
        entry = ledger.entry(day)
        oldest = AGAIN if entry.acknowledged else NEVER_SENT
        in_time = today - timedelta(days=oldest) <= date.fromisoformat(day) <= today
        if not in_time or entry.state == FROZEN:
            continue
        if entry.state in (SENT, REFUSED) and not entry.running and _size(journal, day) == entry.journal_size:
            continue
        yield day


def overdue(folder: Path, ledger: Ledger, today: date) -> list[str]:
    """The days in a journal's folder that were never acknowledged and are too old to be told."""
    limit = today - timedelta(days=NEVER_SENT)
    old = [ledger.entry(day) for day in reader.days(folder) if date.fromisoformat(day) < limit]
    return [entry.date for entry in old if not entry.acknowledged and entry.state != EXPIRED]


def _size(journal: Journal, day: str) -> int:
    try:
        return reader.file(journal.folder, day).stat().st_size
    except OSError:
        return -1  # a change like any other; reading it tells what is wrong

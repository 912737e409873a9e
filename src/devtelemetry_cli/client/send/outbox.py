"""The days to send and their reports: journal and ledger -> the exact bytes of a report."""

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

AGAIN = 30  # days after which an acknowledged day is not sent again
NEVER_SENT = 90  # days after which a day that could not be sent expires, and is counted


@dataclass(frozen=True)
class Report:
    """One day's report: its exact bytes, its runs, and the journal's size and running targets when it was read."""

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
        """Whether it adds to what was sent: never a smaller total, never the same bytes again."""
        return self.runs > 0 and self.runs >= entry.sent_runs and self.sha256 != entry.acknowledged


@dataclass(frozen=True)
class Journal:
    """The journal of one destination on one machine, and the grant under which it is sent."""

    folder: Path
    host: str
    decision: Decision

    def report(self, day: str, environment: Environment) -> Report:
        """The report of a day from its present records. Raises OSError."""
        size = _size(self, day)  # before reading: a record appended meanwhile counts as a change
        summed = self.sum_up(day, reader.Tally())
        body = encode(summed.metrics, self.decision.anonymous_id, self.host, environment, self.decision.notice)
        return Report(day, body, summed.metrics.runs, size, summed.running)

    def sum_up(self, day: str, tally: reader.Tally) -> aggregate.Day:
        """The totals of the day's records under this grant. Raises OSError."""
        records = reader.records(reader.file(self.folder, day), tally)
        return aggregate.day(day, records, self.decision.grant, liveness.of_journal(self.folder))


def changed(journal: Journal, ledger: Ledger, today: date) -> Iterator[str]:
    """The days that may have changes since they were acknowledged, oldest first.

    A day in the future (the clock was ahead) waits for its date, since an endpoint refuses it. A day that expired by
    a clock that was ahead is sent after all.
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
    """The days in a journal's folder that were never acknowledged and are too old to be sent."""
    limit = today - timedelta(days=NEVER_SENT)
    old = [ledger.entry(day) for day in reader.days(folder) if date.fromisoformat(day) < limit]
    return [entry.date for entry in old if not entry.acknowledged and entry.state != EXPIRED]


def _size(journal: Journal, day: str) -> int:
    try:
        return reader.file(journal.folder, day).stat().st_size
    except OSError:
        return -1  # counts as a change; the fault is raised on reading

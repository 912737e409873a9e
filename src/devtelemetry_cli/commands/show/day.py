"""A day -> the bytes that a flush will send or has sent, for each machine key of this state folder."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from devtelemetry_cli.client import machine
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.journal import machine_key, reader
from devtelemetry_cli.client.send import ledger, outbox
from devtelemetry_cli.client.send.ledger import Entry, Ledger
from devtelemetry_cli.client.send.outbox import Journal, Report
from devtelemetry_cli.errors import DevtelError, reason


@dataclass(frozen=True)
class ReportBytes:
    """The bytes of a day for one machine key; `is_pending` until they are sent; `status_text` describes their state."""

    date: str
    host: str
    body: bytes
    is_pending: bool
    status_text: str


@dataclass(frozen=True)
class Unavailable:
    """The reason why a day has no bytes for one machine key; of several, the one with the highest `weight` counts."""

    weight: int
    reason: str


@dataclass(frozen=True)
class Query:
    """The context, the consent decision, and the time (seconds since the epoch) of a query."""

    context: Context
    decision: Decision
    now: float

    @property
    def today(self) -> date:
        """The local date."""
        return date.fromtimestamp(self.now)  # noqa: DTZ012  journals are named by the local day

    @property
    def is_in_force(self) -> bool:
        """Whether the consent has not expired."""
        return self.now < self.decision.until.timestamp()

    def machines(self) -> Iterator[tuple[Journal, Ledger]]:
        """Journal and ledger of each machine key of this state folder. Raises OSError."""
        for host in machine_key.recorded_keys(self.context.state, self.decision.key):
            folder = Path(self.context.state.journal(self.decision.key, host))
            yield Journal(folder, host, self.decision), Ledger(self.context.state, self.decision.key, host)


def day(query: Query, wanted: date) -> list[ReportBytes]:
    """The bytes of a day. Raises DevtelError with the reason where there are none."""
    found = [_of_machine(query, journal, book, wanted.isoformat()) for journal, book in query.machines()]
    reports = [one for one in found if isinstance(one, ReportBytes)]
    if reports:
        return reports
    reasons = [one for one in found if isinstance(one, Unavailable)] or [
        Unavailable(0, f"No run was recorded on {wanted}.")
    ]
    raise DevtelError(max(reasons, key=lambda one: one.weight).reason)


def _of_machine(query: Query, journal: Journal, book: Ledger, wanted: str) -> ReportBytes | Unavailable:
    entry = book.entry(wanted)
    report = _report(query, journal, book, wanted)
    if report is not None and report.has_changes(entry):
        before = f"; a smaller total was stored on {moment(entry.acknowledged_at)}" if entry.acknowledged else ""
        return ReportBytes(wanted, journal.host, report.body, is_pending=True, status_text=f"will be sent{before}")
    if entry.is_tombstone:
        return Unavailable(
            5, f"The records of {wanted} were purged on this machine, and so was the copy of its report."
        )
    if entry.body:
        body = entry.body.encode("utf-8", "surrogatepass")
        if hashlib.sha256(body).hexdigest() != entry.sha256:
            return Unavailable(6, f"The report sent for {wanted} is unknown: its ledger entry is damaged.")
        shrunk = report is not None and report.runs < entry.sent_runs
        return ReportBytes(wanted, journal.host, body, is_pending=False, status_text=_status_text(entry, shrunk=shrunk))
    return _unavailable(query, journal, entry, report)


def _report(query: Query, journal: Journal, book: Ledger, wanted: str) -> Report | None:
    """The report of the day's records; None where a flush would skip the day."""
    if not query.is_in_force or wanted not in outbox.changed(journal, book, query.today):
        return None
    try:
        return journal.report(wanted, machine.snapshot(query.context.environ))
    except OSError as fault:
        raise DevtelError(f"The journal of {wanted} cannot be read: {reason(fault)}.") from None


def _status_text(entry: Entry, *, shrunk: bool) -> str:
    if entry.state == ledger.FROZEN or shrunk:
        return "was sent; records were lost since, and a smaller total is never sent"
    if entry.state == ledger.SENT:
        return f"was sent, and stored on {moment(entry.acknowledged_at)} (answer {entry.status})"
    answer = f": {entry.answer.rstrip('.')}" if entry.answer else ""
    if entry.state == ledger.REFUSED:
        return f"was sent, and refused{answer}. It is sent again if the day changes"
    if entry.state == ledger.EXPIRED:
        return f"was sent, never stored, and expired after {outbox.NEVER_SENT} days"
    return f"was sent, and not stored{answer}"


def _unavailable(query: Query, journal: Journal, entry: Entry, report: Report | None) -> Unavailable:
    wanted = entry.date
    if entry.state == ledger.EXPIRED:
        return Unavailable(5, f"{wanted} was never sent, and expired after {outbox.NEVER_SENT} days.")
    if wanted not in reader.days(journal.folder):
        return Unavailable(0, f"No run was recorded on {wanted}.")
    if not query.is_in_force:
        return Unavailable(4, f"{wanted} was not sent and will not be: your consent expired on {_until(query)}.")
    if report is None:
        return Unavailable(
            3, f"{wanted} was never sent, and is too old: a day can be sent for {outbox.NEVER_SENT} days."
        )
    if report.running:
        return Unavailable(2, f"No run of {wanted} has ended yet.")
    return Unavailable(1, f"Nothing of {wanted} is sent: no run of that day is covered by your consent.")


def moment(seconds: float) -> str:
    """A time as YYYY-MM-DD HH:MM in local time; "-" for never."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M") if seconds else "-"


def _until(query: Query) -> str:
    return f"{query.decision.until.astimezone():%Y-%m-%d}"

"""A day -> the bytes that a flush will send or sent, for each host whose records are told from here."""

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
from devtelemetry_cli.errors import DevtelError


@dataclass(frozen=True)
class Told:
    """One day's bytes on one host, whether they are still `to_come`, and the sentence of what became of them."""

    date: str
    host: str
    body: bytes
    to_come: bool
    fate: str


@dataclass(frozen=True)
class Unavailable:
    """Why there is nothing to show of a day on one host; `weight` orders the reasons, the most telling highest."""

    weight: int
    reason: str


@dataclass(frozen=True)
class Query:
    """One query: the context, the consent decision, and the time (seconds since the epoch)."""

    context: Context
    decision: Decision
    now: float

    @property
    def today(self) -> date:
        """The local date."""
        return date.fromtimestamp(self.now)  # noqa: DTZ012  journals are named by the local day

    @property
    def goes_on(self) -> bool:
        """Whether the agreement still lasts."""
        return self.now < self.decision.until.timestamp()

    def books(self) -> Iterator[tuple[Journal, Ledger]]:
        """Journal and ledger of each host that is served here. Raises OSError."""
        for host in machine_key.deliverable_keys(self.context.state, self.decision.key):
            folder = Path(self.context.state.journal(self.decision.key, host))
            yield Journal(folder, host, self.decision), Ledger(self.context.state, self.decision.key, host)


def day(look: Query, wanted: date) -> list[Told]:
    """The bytes of a day. Raises DevtelError where there are none, with the reason."""
    found = [_on_host(look, journal, book, wanted.isoformat()) for journal, book in look.books()]
    told = [one for one in found if isinstance(one, Told)]
    if told:
        return told
    reasons = [one for one in found if isinstance(one, Unavailable)] or [
        Unavailable(0, f"No run was recorded on {wanted}.")
    ]
    raise DevtelError(max(reasons, key=lambda one: one.weight).reason)


def _on_host(look: Query, journal: Journal, book: Ledger, wanted: str) -> Told | Unavailable:
    entry = book.entry(wanted)
    report = _report(look, journal, book, wanted)
    if report is not None and report.has_changes(entry):
        before = f"; a smaller total was stored on {moment(entry.acknowledged_at)}" if entry.acknowledged else ""
        return Told(wanted, journal.host, report.body, to_come=True, fate=f"will be sent{before}")
    if entry.is_tombstone:
        return Unavailable(5, f"The records of {wanted} were purged here; what was sent of it is not kept either.")
    if entry.body:
        body = entry.body.encode("utf-8", "surrogatepass")
        if hashlib.sha256(body).hexdigest() != entry.sha256:
            return Unavailable(6, f"What was sent for {wanted} is not known any more: the ledger's entry is damaged.")
        shrunk = report is not None and report.runs < entry.sent_runs
        return Told(wanted, journal.host, body, to_come=False, fate=_status_text(entry, shrunk=shrunk))
    return _nothing(look, journal, entry, report)


def _report(look: Query, journal: Journal, book: Ledger, wanted: str) -> Report | None:
    """The day's report as its records stand, if a flush would look at them at all."""
    if not look.goes_on or wanted not in outbox.changed(journal, book, look.today):
        return None
    try:
        return journal.report(wanted, machine.snapshot(look.context.environ))
    except OSError as fault:
        raise DevtelError(f"The journal of {wanted} cannot be read: {fault.strerror or fault}.") from None


def _status_text(entry: Entry, *, shrunk: bool) -> str:
    if entry.state == ledger.FROZEN or shrunk:
        return "was sent; records of it were lost since, so it is never sent smaller"
    if entry.state == ledger.SENT:
        return f"was sent, and stored on {moment(entry.acknowledged_at)} (answer {entry.status})"
    answer = f": {entry.answer.rstrip('.')}" if entry.answer else ""
    if entry.state == ledger.REFUSED:
        return f"was sent, and refused{answer}. It is sent again when the day changes"
    if entry.state == ledger.EXPIRED:
        return f"was sent, never stored, and given up after {outbox.NEVER_SENT} days"
    return f"was sent, and not stored{answer}"


def _nothing(look: Query, journal: Journal, entry: Entry, report: Report | None) -> Unavailable:
    wanted = entry.date
    if entry.state == ledger.EXPIRED:
        return Unavailable(5, f"{wanted} was never sent, and was given up after {outbox.NEVER_SENT} days.")
    if wanted not in reader.days(journal.folder):
        return Unavailable(0, f"No run was recorded on {wanted}.")
    if not look.goes_on:
        return Unavailable(4, f"{wanted} was not sent, and will not be: your agreement ended on {_until(look)}.")
    if report is None:
        return Unavailable(3, f"{wanted} was never sent, and is too old: days are sent for {outbox.NEVER_SENT} days.")
    if report.running:
        return Unavailable(2, f"No run of {wanted} has ended yet.")
    return Unavailable(1, f"Nothing of {wanted} is sent: no run of that day falls under your agreement.")


def moment(seconds: float) -> str:
    """A time as a person reads it, in local time; "-" for never."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M") if seconds else "-"


def _until(look: Query) -> str:
    return f"{look.decision.until.astimezone():%Y-%m-%d}"

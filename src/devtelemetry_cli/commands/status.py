"""The status of the current folder: consent and its rule, the destination, recorded, sent and pending runs."""

import contextlib
import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import consent_cache, proxies, settings
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import NOWHERE
from devtelemetry_cli.client.journal import dropped, machine_key, reader
from devtelemetry_cli.client.send import erasures, outbox
from devtelemetry_cli.client.send.ledger import EXPIRED, FROZEN, REFUSED, Ledger
from devtelemetry_cli.commands import measurement, unsent
from devtelemetry_cli.commands.makefile import generated
from devtelemetry_cli.commands.measurement import Measurement
from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.errors import ConfigurationError, DevtelError, reason

UNSENT = (
    f"Reports older than {unsent.DAYS} days are not sent, and there is no schedule: "
    "`devtel schedule install` sends daily, `devtel flush` now."
)


@dataclass
class Status:
    """The result of `devtel status`; times in seconds since the epoch, None for never or unknown."""

    consent: str
    rule: str
    destination: str | None = None
    anonymous_id: str | None = None
    until: float | None = None
    runs_today: int = 0
    runs_unsent: int = 0
    days_unsent: list[str] = field(default_factory=list)
    days_frozen: list[str] = field(default_factory=list)
    days_refused: list[str] = field(default_factory=list)
    days_expired: list[str] = field(default_factory=list)
    last_flush: float | None = None
    last_success: float | None = None
    next_flush: float | None = None
    days_paused: list[str] = field(default_factory=list)
    paused_until: float | None = None
    schedule: str | None = None
    proxy: str | None = None
    last_error: str | None = None
    damaged_records: int = 0
    newer_records: int = 0
    dropped_records: int = 0
    damaged_ledger_entries: int = 0
    pending_erasures: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    measurement: Measurement = field(default_factory=Measurement)


def status(context: Context, now: float, started_as: str) -> Status:
    """The status of a context; `started_as` is devtel's argv[0].

    Read-only; damage is listed under troubles, not raised.
    """
    here = consent.judge(context, now)
    status = Status(here.state, here.rule)
    status.measurement = measurement.here(context, here, decisions.read(context.config), now)
    decision = _add_settings(context, status)
    if here.state == consent_cache.GRANTED and here.ask:
        status.troubles.append("The terms have changed: `devtel consent` shows the difference and asks again.")
    if decision is not None and decision.state != consent_cache.DECLINED:
        _add_journals(context, decision, status, now)
    if decision is not None and decision.state == consent_cache.GRANTED:
        status.proxy = proxies.shown_proxy(decision.url)
        _add_schedule(context, started_as, status, now)
    try:
        status.pending_erasures = [erasure.url for erasure in erasures.pending(context.state)]
    except OSError as fault:
        status.troubles.append(str(fault))
    return status


def _add_journals(context: Context, decision: decisions.Decision, status: Status, now: float) -> None:
    status.dropped_records = dropped.counted(context.state)
    if not os.access(context.state, os.W_OK):
        status.troubles.append(f"{context.state} is not writable: no run is recorded.")
    if not dropped.is_whole(context.state):
        status.troubles.append("The counter of dropped records is damaged; any `devtel consent` decision resets it.")
    for host in _hosts(context, decision, status):
        try:
            _add_records(context, decision, host, status, now)
        except OSError as fault:
            status.troubles.append(f"{fault.filename} cannot be read: {fault.strerror}.")


def _add_settings(context: Context, status: Status) -> decisions.Decision | None:
    try:
        user, project = settings.read_user(context.config), settings.read_project(context.project)
        known = decisions.decisions(user)
        terms = consent.asked_terms(context.environ, user, project)
    except ConfigurationError as fault:
        status.troubles.append(str(fault))
        return None
    _add_generated_files(context, user, project, status)
    status.destination = terms.destination.url if terms else None
    decision = known.get(terms.destination.key if terms else NOWHERE)
    if decision is not None and decision.anonymous_id:
        status.anonymous_id = decision.anonymous_id
        status.until = decision.until.timestamp()
    return decision


def _add_generated_files(
    context: Context, user: settings.UserConfig, project: settings.ProjectFile, status: Status
) -> None:
    with contextlib.suppress(ConfigurationError, OSError):  # `doctor` names what it cannot read
        for file in generated.find(context, user, project):
            if file.is_ours and file.has_other_address:
                status.troubles.append(f"{file.path} is for another report URL: {file.renewal}")


def _add_schedule(context: Context, started_as: str, status: Status, now: float) -> None:
    try:
        installed = backends.find(context.environ, jobs.flush(context.environ, started_as))
    except DevtelError as fault:
        status.troubles.append(str(fault))
        return
    status.schedule = ", ".join(str(one) for one in installed) or None
    limit = date.fromtimestamp(now) - timedelta(days=unsent.DAYS)  # noqa: DTZ012  as the journals
    if not installed and any(day < limit.isoformat() for day in status.days_unsent):
        status.troubles.append(UNSENT)


def _hosts(context: Context, decision: decisions.Decision, status: Status) -> list[str]:
    try:
        return machine_key.recorded_keys(context.state, decision.journal)
    except OSError as fault:
        status.troubles.append(f"{fault.filename} cannot be read: {fault.strerror}.")
        return []


def _add_records(context: Context, decision: decisions.Decision, host: str, status: Status, now: float) -> None:
    folder = Path(context.state.journal(decision.journal, host))
    today = date.fromtimestamp(now)  # noqa: DTZ012  journals are named by the local day
    journal = outbox.Journal(folder, host, decision)
    tally = reader.Tally()
    if today.isoformat() in reader.days(folder):
        status.runs_today += _count(journal, today.isoformat(), tally, status)
    for day in reader.days(folder):
        if date.fromisoformat(day) > today + timedelta(days=1):  # tomorrow may be today in another time zone
            status.troubles.append(f"{day} is in the future: a clock was ahead. Its records are sent on that date.")
    if decision.state == consent_cache.GRANTED:
        ledger = Ledger(context.state, decision.key, host)
        for day in outbox.changed(journal, ledger, today):
            runs = _count(journal, day, tally if day != today.isoformat() else reader.Tally(), status)
            if runs > ledger.entry(day).acknowledged_runs:
                status.days_unsent += [day] if day not in status.days_unsent else []
                status.runs_unsent += runs - ledger.entry(day).acknowledged_runs
        _add_ledger(ledger, status, now)
    status.damaged_records += tally.damaged
    status.newer_records += tally.newer


def _count(journal: outbox.Journal, day: str, tally: reader.Tally, status: Status) -> int:
    """The number of readable runs of a day."""
    try:
        return journal.sum_up(day, tally).metrics.runs
    except OSError as fault:
        trouble = f"The journal of {day} cannot be read: {reason(fault)}."
        status.troubles += [trouble] if trouble not in status.troubles else []
        return 0


def _add_ledger(ledger: Ledger, status: Status, now: float) -> None:
    lists = {FROZEN: status.days_frozen, REFUSED: status.days_refused, EXPIRED: status.days_expired}
    for entry in ledger.entries():
        if entry.state in lists:
            lists[entry.state].append(entry.date)
        if now < entry.next_try:
            status.days_paused.append(entry.date)
            status.paused_until = max(entry.next_try, status.paused_until or 0)
    delivery = ledger.delivery_status()
    status.last_flush = max(delivery.last_flush, status.last_flush or 0) or None
    status.last_success = max(delivery.last_success, status.last_success or 0) or None
    status.next_flush = status.next_flush or (delivery.next_try if now < delivery.next_try else None)
    status.last_error = status.last_error or delivery.last_error or None
    status.damaged_ledger_entries += ledger.damaged

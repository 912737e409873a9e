"""The health of journals and ledgers: what was lost, damaged, dropped, or will never be sent."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from devtelemetry_cli.client import paths
from devtelemetry_cli.client.journal import dropped, liveness, machine_key, reader
from devtelemetry_cli.client.send.ledger import EXPIRED, FROZEN, REFUSED, Entry, Ledger
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.purge import journals
from devtelemetry_cli.model.formatting import counted
from devtelemetry_cli.model.records import Start

_PATIENCE = 5.0  # seconds for reading journals, newest first
_RECENT = timedelta(days=30)  # what went wrong before that is told, but no longer a problem
_FATES = {
    FROZEN: ("that lost records after being sent: never sent smaller", "`devtel show DATE` tells what was."),
    REFUSED: ("refused by the endpoint", "`devtel show --history` tells why; ask its operator."),
    EXPIRED: ("that could not be sent for 90 days: given up", "`devtel flush --verbose` tells what is in the way."),
}


@dataclass
class _Health:
    runs: int = 0
    lost: int = 0
    days: int = 0
    unread_days: int = 0
    damaged: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def journal(env: Environment) -> Iterator[Finding]:
    """What the journals hold, as far as it can be read in a few seconds."""
    health = _read_all(env)
    values = {"runs": health.runs, "days": health.days, "lost": health.lost, "unread_days": health.unread_days}
    yield ok(f"{counted(health.runs, 'run')} of {counted(health.days, 'day')} recorded", **values)
    if health.unread_days:
        yield note(
            f"Not looked at: {counted(health.unread_days, 'older day')}. Reading stopped after {_PATIENCE:.0f} s."
        )
    if health.lost:
        yield note(f"Killed before the end, and counted as lost: {counted(health.lost, 'run')}.", lost=health.lost)
    for path in health.unreadable:
        yield problem(f"{path} cannot be read.", "Make it a file that you may read, or remove it.")
    yield from _by_age(
        env, health.damaged, "with records that cannot be read", "The others count; these are lost for good."
    )
    yield from _by_age(env, health.newer, "with records of a newer devtel", "Update the devtel that you call here.")


def dropped_records(env: Environment) -> Iterator[Finding]:
    """How many records could not be written, ever."""
    count = dropped.counted(env.context.state)
    if count:
        yield note(
            f"{counted(count, 'record')} could not be written (a full or read-only disk, a day purged meanwhile).",
            "What is in the way now, if anything, stands under paths; `devtel purge` starts the count anew.",
            dropped=count,
        )
    else:
        yield ok("every record could be written", dropped=0)


def ledger(env: Environment) -> Iterator[Finding]:
    """Days that are never sent again, and entries that cannot be read."""
    books = [
        Ledger(env.context.state, name, host)
        for name in journals(env.context.state, None)
        for host in machine_key.deliverable_keys(env.context.state, name)
    ]
    entries = [
        entry for book in books for entry in (*book.entries(), book.delivery_status()) if isinstance(entry, Entry)
    ]
    for fate, (what, advice) in _FATES.items():
        days = {entry.date for entry in entries if entry.state == fate and not entry.is_tombstone}
        yield from _by_age(env, sorted(days), what, advice)
    purged = {entry.date for entry in entries if entry.is_tombstone}
    if purged:
        yield note(f"Sent, then purged, and not sent again: {counted(len(purged), 'day')}.", purged=len(purged))
    damaged = sum(book.damaged for book in books)
    if damaged:
        advice = "The days are told again, whole: `devtel flush --verbose`."
        yield problem(f"{damaged} entries of the ledger cannot be read.", advice, damaged=damaged)


def orphans(env: Environment) -> Iterator[Finding]:
    """Journals that no machine key or no decision stands for any more."""
    own = machine_key.find(env.context.state)
    known = {name for key in env.decisions for name in (key, paths.local_journal(key))}
    for name in journals(env.context.state, None):
        lost = [host for host in machine_key.deliverable_keys(env.context.state, name) if host != own]
        if lost:
            told = f"The journal {name} holds records of a lost machine key ({', '.join(lost)})"
            yield note(f"{told}; they are told and kept from here.", keys=", ".join(lost))
        if name not in known and env.decisions and Path(env.context.state.journal(name)).is_dir():
            told = f"No decision stands for the journal {name}: it is never sent."
            yield note(told, "`devtel purge --all` deletes it, with all others; --dry-run lists them.")


def _read_all(env: Environment) -> _Health:
    health, deadline = _Health(), time.monotonic() + _PATIENCE
    folders = [
        Path(env.context.state.journal(name, host))
        for name in journals(env.context.state, None)
        for host in machine_key.deliverable_keys(env.context.state, name)
    ]
    found = sorted(((day, folder) for folder in folders for day in reader.days(folder)), reverse=True)
    for day, folder in found:
        if time.monotonic() > deadline:
            health.unread_days += 1
            continue
        try:
            _read_day(health, reader.file(folder, day), day)
        except OSError:
            health.unreadable.append(str(reader.file(folder, day)))
    health.days = len({day for day, _ in found})
    return health


def _read_day(health: _Health, path: Path, day: str) -> None:
    tally, going_on = reader.Tally(), dict[str, Start]()
    for record in reader.records(path, tally):
        if isinstance(record, Start):
            going_on[record.run] = record
            health.runs += 1
        else:
            going_on.pop(record.run, None)
    health.lost += sum(not liveness.is_running(start.pid, start.time) for start in going_on.values())
    health.damaged += [day] if tally.damaged else []
    health.newer += [day] if tally.newer else []


def _by_age(env: Environment, days: list[str], what: str, advice: str) -> Iterator[Finding]:
    """One finding about days: a problem while any of them is recent."""
    if not days:
        return
    newest, shown = max(days), ", ".join(sorted(set(days))[-5:])
    kind = problem if newest >= (env.today - _RECENT).isoformat() else note
    yield kind(
        f"{counted(len(set(days)), 'day')} {what} (the last: {shown}).", advice, count=len(set(days)), newest=newest
    )

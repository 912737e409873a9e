"""Checks of journals and ledgers: lost, damaged and dropped records, and days that are never sent."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from devtelemetry_cli.client import paths
from devtelemetry_cli.client.journal import dropped, liveness, machine_key, reader
from devtelemetry_cli.client.send.ledger import EXPIRED, FROZEN, REFUSED, Entry, Ledger
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.model.formatting import counted
from devtelemetry_cli.model.records import Start

_SECONDS = 5.0  # for reading journals, newest first
_RECENT = timedelta(days=30)  # an older fault is a note, not a problem
_FINAL_STATES = {
    FROZEN: (
        "that lost records after being sent, and are not sent again",
        "`devtel show DATE` prints the sent report.",
    ),
    REFUSED: ("refused by the endpoint", "`devtel show --history` prints the reason; ask its operator."),
    EXPIRED: ("that could not be sent for 90 days and expired", "`devtel flush --verbose` prints the current error."),
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
    """The content of the journals, as far as it can be read in a few seconds."""
    health = _read_all(env)
    values = {"runs": health.runs, "days": health.days, "lost": health.lost, "unread_days": health.unread_days}
    yield ok(f"{counted(health.runs, 'run')} of {counted(health.days, 'day')} recorded", **values)
    if health.unread_days:
        yield note(f"Not read: {counted(health.unread_days, 'older day')}. Reading stopped after {_SECONDS:.0f} s.")
    if health.lost:
        yield note(f"Killed before the end, and counted as lost: {counted(health.lost, 'run')}.", lost=health.lost)
    for path in health.unreadable:
        yield problem(f"{path} cannot be read.", "Make it readable for your user, or delete it.")
    yield from _by_age(
        env, health.damaged, "with unreadable records", "Other records of these days are counted; these are lost."
    )
    yield from _by_age(env, health.newer, "with records of a newer devtel", "Update the devtel that you call here.")


def dropped_records(env: Environment) -> Iterator[Finding]:
    """The number of records that could not be written."""
    count = dropped.counted(env.context.state)
    if count:
        yield note(
            f"{counted(count, 'record')} could not be written (a full or read-only disk, a day purged meanwhile).",
            "A current cause is listed under paths; `devtel purge` resets the count.",
            dropped=count,
        )
    else:
        yield ok("every record was written", dropped=0)


def ledger(env: Environment) -> Iterator[Finding]:
    """Days that are never sent again, and unreadable ledger entries."""
    ledgers = [
        Ledger(env.context.state, name, host)
        for name in _journals(env)
        for host in machine_key.recorded_keys(env.context.state, name)
    ]
    entries = [
        entry for book in ledgers for entry in (*book.entries(), book.delivery_status()) if isinstance(entry, Entry)
    ]
    for state, (what, advice) in _FINAL_STATES.items():
        days = {entry.date for entry in entries if entry.state == state and not entry.is_tombstone}
        yield from _by_age(env, sorted(days), what, advice)
    purged = {entry.date for entry in entries if entry.is_tombstone}
    if purged:
        yield note(f"Sent, then purged, and not sent again: {counted(len(purged), 'day')}.", purged=len(purged))
    damaged = sum(book.damaged for book in ledgers)
    if damaged:
        sentence = f"{counted(damaged, 'ledger entry', 'ledger entries')} cannot be read."
        yield problem(sentence, "`devtel flush --verbose` sends these days again.", damaged=damaged)


def orphans(env: Environment) -> Iterator[Finding]:
    """Journals of another machine or agreement, or without a consent decision."""
    machine = machine_key.find(env.context.state)
    grants = {decision.grant for decision in env.decisions.values()}
    known = {name for key in env.decisions for name in (key, paths.local_journal(key))}
    for name in _journals(env):
        keys = machine_key.recorded_keys(env.context.state, name)
        others = [key for key in keys if not any(machine_key.is_of(key, machine, grant) for grant in grants)]
        if others and env.decisions:
            sentence = f"The journal {name} has records of another machine or agreement ({', '.join(others)})"
            yield note(f"{sentence}; flush, show and purge include them.", keys=", ".join(others))
        if name not in known and env.decisions and Path(env.context.state.journal(name)).is_dir():
            sentence = f"There is no consent decision for the journal {name}; it is never sent."
            yield note(sentence, "`devtel purge --all` deletes it and all others; --dry-run lists them.")


def _journals(env: Environment) -> list[str]:
    """The name of every journal and ledger. Raises OSError."""
    names: set[str] = set()
    for parent in (env.context.state.journals, env.context.state.ledgers):
        with suppress(FileNotFoundError):
            names |= {folder.name for folder in Path(parent).iterdir() if folder.is_dir()}
    return sorted(names)


def _read_all(env: Environment) -> _Health:
    health, deadline = _Health(), time.monotonic() + _SECONDS
    folders = [
        Path(env.context.state.journal(name, host))
        for name in _journals(env)
        for host in machine_key.recorded_keys(env.context.state, name)
    ]
    is_running = {folder: liveness.of_journal(folder) for folder in folders}
    found = sorted(((day, folder) for folder in folders for day in reader.days(folder)), reverse=True)
    for day, folder in found:
        if time.monotonic() > deadline:
            health.unread_days += 1
            continue
        try:
            _read_day(health, reader.file(folder, day), day, is_running[folder])
        except OSError:
            health.unreadable.append(str(reader.file(folder, day)))
    health.days = len({day for day, _ in found})
    return health


def _read_day(health: _Health, path: Path, day: str, is_running: Callable[[Start], bool]) -> None:
    tally, open_runs = reader.Tally(), dict[str, Start]()
    for record in reader.records(path, tally):
        if isinstance(record, Start):
            open_runs[record.run] = record
            health.runs += 1
        else:
            open_runs.pop(record.run, None)
    health.lost += sum(not is_running(start) for start in open_runs.values())
    health.damaged += [day] if tally.damaged else []
    health.newer += [day] if tally.newer else []


def _by_age(env: Environment, days: list[str], what: str, advice: str) -> Iterator[Finding]:
    """One finding about days: a problem if any of them is recent, else a note."""
    if not days:
        return
    newest, shown = max(days), ", ".join(sorted(set(days))[-5:])
    kind = problem if newest >= (env.today - _RECENT).isoformat() else note
    yield kind(
        f"{counted(len(set(days)), 'day')} {what} (latest: {shown}).", advice, count=len(set(days)), newest=newest
    )

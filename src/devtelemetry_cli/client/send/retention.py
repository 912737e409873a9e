"""Deletion: records after their time, days that could never be sent, and the rest of a declined destination."""

from datetime import date, timedelta
from pathlib import Path

from devtelemetry_cli.client import consent_cache, paths
from devtelemetry_cli.client.consent import withdrawal
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.journal import machine_key, reader
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import outbox
from devtelemetry_cli.client.send.ledger import EXPIRED, Ledger


def destination(state: StateDir, decision: Decision, keep_days: int, today: date) -> None:
    """Delete a destination's records that are past their time, on this machine. Raises OSError."""
    if decision.state == consent_cache.DECLINED:
        withdrawal.finish(state, decision.key)
        return
    for name in (decision.key, paths.local_journal(decision.key)):
        for host in machine_key.recorded_keys(state, name):
            ledger = Ledger(state, decision.key, host)
            folder = Path(state.journal(name, host))
            if decision.state == consent_cache.GRANTED and name == decision.key:
                _expire(folder, ledger, today)
            _drop_old(folder, ledger, today - timedelta(days=keep_days))


def _expire(folder: Path, ledger: Ledger, today: date) -> None:
    """Mark days that could not be sent in time, so that they are counted and not tried for ever."""
    for day in outbox.overdue(folder, ledger, today):
        entry = ledger.entry(day)
        entry.state = EXPIRED
        ledger.keep(entry)


def _drop_old(folder: Path, ledger: Ledger, limit: date) -> None:
    for day in reader.days(folder):
        if date.fromisoformat(day) < limit:
            reader.file(folder, day).unlink(missing_ok=True)
            ledger.drop(day)

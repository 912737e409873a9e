"""The days of a destination whose runs are not all in a stored report."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.journal import machine_key, reader
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import outbox
from devtelemetry_cli.client.send.ledger import Ledger

DAYS = 2  # the age after which an unsent report without a schedule needs attention


def days(state: StateDir, decision: Decision, today: date) -> Iterator[str]:
    """The unsent days (YYYY-MM-DD), once for each machine key. Raises OSError."""
    for host in machine_key.recorded_keys(state, decision.journal):
        journal = outbox.Journal(Path(state.journal(decision.journal, host)), host, decision)
        ledger = Ledger(state, decision.key, host)
        for day in outbox.changed(journal, ledger, today):
            if journal.sum_up(day, reader.Tally()).metrics.runs > ledger.entry(day).acknowledged_runs:
                yield day

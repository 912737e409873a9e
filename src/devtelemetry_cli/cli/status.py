"""`devtel status`: what stands, in words or as JSON."""

import json
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.client.consent import judge
from devtelemetry_cli.commands import status as state
from devtelemetry_cli.model.formatting import counted

_TIMES = ("until", "last_flush", "last_success", "next_flush")


@click.command(short_help="Tell what is recorded and sent here, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object (docs/json.md).")
def status(as_json: bool) -> None:
    """Tell what is recorded and sent here, and which rule decided that."""
    now = state.look(current.context(), time.time())
    if as_json:
        click.echo(json.dumps(_values(now), indent=2))
    else:
        for name, text in _lines(now):
            click.echo(f"{name + ':':15} {text}")


def _values(now: state.Status) -> dict[str, Any]:
    """The stable shape: every field of Status, times as docs/json.md says."""
    values = asdict(now)
    for name in _TIMES:
        values[name] = _moment(values[name]).astimezone().isoformat(timespec="seconds") if values[name] else None
    return values


def _lines(now: state.Status) -> list[tuple[str, str]]:
    until = f", until {_moment(now.until):%Y-%m-%d}" if now.until and now.consent == "granted" else ""
    lines = [("consent", f"{judge.describe(now.consent, now.rule)}{until}"), ("destination", now.destination or "none")]
    if now.anonymous_id:
        lines.append(("anonymous ID", now.anonymous_id))
    if now.consent in ("granted", "local"):
        lines.append(("today", f"{counted(now.runs_today, 'run')} recorded"))
    if now.consent == "granted":
        lines += _sending(now)
    lines += [(name, ", ".join(values)) for name, values in _problems(now) if values]
    lines += [("attention", text) for text in now.troubles]
    return lines


def _sending(now: state.Status) -> list[tuple[str, str]]:
    unsent = f"{counted(now.runs_unsent, 'run')} of {counted(len(now.days_unsent), 'day')}"
    waiting = f"not before {_shown(now.next_flush)}, unless by hand" if now.next_flush else "when `devtel flush` runs"
    lines = [
        ("not yet sent", unsent if now.days_unsent else "nothing"),
        ("last flush", _shown(now.last_flush) if now.last_flush else "never"),
        ("next flush", waiting),
    ]
    return [*lines, ("last error", now.last_error)] if now.last_error else lines


def _problems(now: state.Status) -> list[tuple[str, list[str]]]:
    return [
        ("refused days", now.days_refused),
        ("frozen days", now.days_frozen),
        ("expired days", now.days_expired),
        ("damaged", [counted(now.damaged_records, "record")] if now.damaged_records else []),
        ("newer", [f"{counted(now.newer_records, 'record')}: update devtel to see them"] if now.newer_records else []),
        ("dropped", [f"{counted(now.dropped_records, 'record')} could not be written"] if now.dropped_records else []),
        ("ledger", [f"damaged entries: {now.damaged_ledger_entries}"] if now.damaged_ledger_entries else []),
        ("to be erased", now.pending_erasures),
    ]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


def _shown(seconds: float | None) -> str:
    return _moment(seconds or 0).strftime("%Y-%m-%d %H:%M")

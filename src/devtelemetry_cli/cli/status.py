"""`devtel status`: in words or as JSON."""

import json
import sys
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from devtelemetry_cli import consent
from devtelemetry_cli.cli import current
from devtelemetry_cli.commands import status as statuses
from devtelemetry_cli.commands.measurement import Measurement
from devtelemetry_cli.commands.status import Status
from devtelemetry_cli.model.formatting import counted

_TIMES = ("until", "last_flush", "last_success", "next_flush", "paused_until")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/json.md).")
def status(as_json: bool) -> None:
    """Show what is recorded and sent here, and the rule that decided it."""
    found = statuses.status(current.context(), time.time(), sys.argv[0])
    if as_json:
        click.echo(json.dumps(_values(found), indent=2))
    else:
        for name, text in _lines(found):
            click.echo(f"{name + ':':15} {text}")


def _values(found: Status) -> dict[str, Any]:
    """The stable shape: every field of Status, times as docs/json.md says."""
    values = asdict(found)
    for name in _TIMES:
        values[name] = _moment(values[name]).astimezone().isoformat(timespec="seconds") if values[name] else None
    return values


def _lines(found: Status) -> list[tuple[str, str]]:
    until = f", until {_moment(found.until):%Y-%m-%d}" if found.until and found.consent == "granted" else ""
    lines = [
        ("consent", f"{consent.describe(found.consent, found.rule)}{until}"),
        ("destination", found.destination or "none"),
    ]
    if found.anonymous_id:
        lines.append(("anonymous ID", found.anonymous_id))
    lines += _measured(found.measurement)
    if found.consent in ("granted", "local"):
        lines.append(("today", f"{counted(found.runs_today, 'run')} recorded"))
    if found.consent == "granted":
        lines += _sending(found)
    lines += [(name, ", ".join(values)) for name, values in _problems(found) if values]
    lines += [("attention", text) for text in found.troubles]
    return lines


def _measured(found: Measurement) -> list[tuple[str, str]]:
    if found.scope is None:
        return [("measured", f"nothing: {found.reason}")]
    return [("measured", f"{found.scope}, by {found.file}"), ("make", str(found))]


def _sending(found: Status) -> list[tuple[str, str]]:
    unsent = f"{counted(found.runs_unsent, 'run')} of {counted(len(found.days_unsent), 'day')}"
    lines = [
        ("not yet sent", unsent if found.days_unsent else "nothing"),
        ("last flush", _shown(found.last_flush) if found.last_flush else "never"),
        ("schedule", found.schedule or "none: `devtel schedule install` sends daily"),
    ]
    if found.next_flush:
        lines.append(("paused", f"until {_shown(found.next_flush)}; `devtel flush` sends at once"))
    if found.days_paused:
        days = ", ".join(found.days_paused)
        lines.append(("paused days", f"until {_shown(found.paused_until)}: {days}"))
    lines += [("proxy", found.proxy)] if found.proxy else []
    return [*lines, ("last error", found.last_error)] if found.last_error else lines


def _problems(found: Status) -> list[tuple[str, list[str]]]:
    return [
        ("refused days", found.days_refused),
        ("frozen days", found.days_frozen),
        ("expired days", found.days_expired),
        ("damaged", [counted(found.damaged_records, "record")] if found.damaged_records else []),
        (
            "newer",
            [f"{counted(found.newer_records, 'record')}: update devtel to see them"] if found.newer_records else [],
        ),
        (
            "dropped",
            [f"{counted(found.dropped_records, 'record')} could not be written"] if found.dropped_records else [],
        ),
        ("ledger", [f"damaged entries: {found.damaged_ledger_entries}"] if found.damaged_ledger_entries else []),
        ("to be erased", found.pending_erasures),
    ]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


def _shown(seconds: float | None) -> str:
    return _moment(seconds or 0).strftime("%Y-%m-%d %H:%M")

"""`devtel purge`: delete the records of this machine."""

import json
import os
from datetime import date

import click

from devtelemetry_cli.cli import current, dates
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import NOWHERE
from devtelemetry_cli.commands import purge as purging
from devtelemetry_cli.commands.purge import Day
from devtelemetry_cli.errors import DevtelError, reason
from devtelemetry_cli.model.formatting import counted


@click.command(short_help="Delete this machine's records.")
@click.option("--before", metavar="DATE", help="Only the days before DATE (YYYY-MM-DD).")
@click.option("--all", "everywhere", is_flag=True, help="The records for every destination, not only for this one.")
@click.option("--dry-run", is_flag=True, help="List what would be deleted, and delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: as one JSON object (docs/json.md).")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(before: str | None, everywhere: bool, dry_run: bool, as_json: bool, yes: bool) -> None:
    """Delete this machine's records; what was sent stays sent (`devtel consent forget` erases that too)."""
    if as_json and not dry_run:
        raise click.UsageError("--json needs --dry-run.")
    limit = dates.parse(before) if before is not None else None
    context = current.context()
    names = purging.journals(context.state, None if everywhere else _key(context))
    found = list(purging.days(context.state, names, limit))
    if as_json:
        click.echo(json.dumps({"days": [_values(day) for day in found]}, indent=2))
    elif dry_run:
        _list(found)
    elif not found:
        click.echo("devtel: there is nothing to delete.", err=True)
        purging.purge(context.state, names, limit, _today())
    else:
        _confirm(found, yes)
        _delete(context, names, limit)


def _delete(context: Context, names: list[str], limit: date | None) -> None:
    try:
        gone = purging.purge(context.state, names, limit, _today())
    except OSError as fault:
        raise DevtelError(
            f"{fault.filename or context.state} cannot be deleted: {reason(fault)}.",
            "Earlier days are deleted. Correct this and run the command again.",
        ) from None
    click.echo(f"Deleted: {_summary(gone)}.")
    if any(day.date >= _today().isoformat() and day.runs != day.never_sent for day in gone if not day.is_local):
        click.echo("devtel: today was sent already, so its later runs are not sent.", err=True)


def _confirm(found: list[Day], yes: bool) -> None:
    if yes:
        return
    if not (os.isatty(0) and os.isatty(2)):
        raise click.UsageError("without a terminal, --yes is needed; --dry-run lists the days first.")
    click.echo(f"devtel: this deletes {_summary(found)}.", err=True)
    if not click.confirm("Delete them?", err=True):
        raise SystemExit(1)


def _list(found: list[Day]) -> None:
    for day in found:
        runs = "runs unknown" if day.runs is None else counted(day.runs, "run")
        status = "local" if day.is_local else f"{day.never_sent or 0} never sent"
        click.echo(f"{day.date}  {day.journal}  {runs}, {status}")
    click.echo(f"devtel: would be deleted: {_summary(found)}.", err=True)


def _summary(found: list[Day]) -> str:
    runs = sum(day.runs or 0 for day in found)
    unsent = sum(day.never_sent or 0 for day in found)
    dates = {day.date for day in found}
    never = f", {unsent:,} of them never sent" if unsent else ""
    return f"{counted(runs, 'run')} of {counted(len(dates), 'day')}{never}"


def _values(day: Day) -> dict[str, str | int | bool | None]:
    return {
        "date": day.date,
        "journal": day.journal,
        "host": day.host,
        "own": day.is_local,
        "runs": day.runs,
        "never_sent": day.never_sent,
    }


def _key(context: Context) -> str:
    terms = current.terms(context)
    return terms.destination.key if terms else NOWHERE


def _today() -> date:
    return date.today()  # noqa: DTZ011  journals are named by the local day

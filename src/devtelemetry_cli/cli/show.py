"""`devtel show`: the bytes of a day, their explanation, what was told before, or the fields of the notice."""

import hashlib
import json
import textwrap
import time
from dataclasses import asdict
from datetime import date, timedelta

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.client import switches
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.commands.show import day, destination_choice, history
from devtelemetry_cli.commands.show import explain as explaining
from devtelemetry_cli.commands.show.day import Query, Told
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION


@click.command(short_help="Print exactly the bytes that are sent for a day.")
@click.argument("day", metavar="[DATE]", required=False)
@click.option("--explain", is_flag=True, help="Each field with its value and, in plain language, what it means.")
@click.option("--history", is_flag=True, help="What was sent before, when, to whom, and the answer.")
@click.option("--fields", is_flag=True, help="The fields of the notice; needs no consent.")
@click.option("--json", "as_json", is_flag=True, help="--history or --fields as one JSON object (docs/json.md).")
@click.option("--destination", metavar="ADDRESS", help="An address that you agreed to, or its host; not this place's.")
@click.option("--quiet", "-q", is_flag=True, help="The bytes alone, nothing on stderr.")
def show(  # noqa: PLR0913, PLR0917  one for each option
    day: str | None, explain: bool, history: bool, fields: bool, as_json: bool, destination: str | None, quiet: bool
) -> None:
    """Print exactly the bytes that will be or were sent for a day: YYYY-MM-DD, today (the default) or yesterday.

    A line break follows the bytes. To compare them with what travelled, take it off:

        printf %s "$(devtel show DATE)" | sha256sum

    The same hash stands in `devtel show --history`. Exit code 1: nothing was or will be sent for that day.
    """
    if explain + history + fields > 1:
        raise click.UsageError("--explain, --history and --fields exclude each other.")
    if as_json and not (history or fields):
        raise click.UsageError("--json belongs to --history or --fields; the bytes of a day are JSON already.")
    if fields:
        _print_fields(as_json)
        return
    now = time.time()
    wanted = _date(day, date.fromtimestamp(now))  # noqa: DTZ012  journals are named by the local day
    context = current.context()
    look = Query(context, destination_choice.decision(context, destination), now)
    if history:
        _print_history(look, wanted.isoformat() if day else None, as_json)
        return
    _print_day(look, wanted, explain, quiet)


def _print_day(look: Query, wanted: date, explain: bool, quiet: bool) -> None:
    switch = switches.switched_off(look.context.environ)
    if switch and not quiet:
        click.echo(f"devtel: {switch} is set: nothing is sent while it is.", err=True)
    for one in day.day(look, wanted):
        if explain:
            _print_explained(one, look.decision)
            continue
        click.echo(one.body)
        if not quiet:
            click.echo(f"devtel: {_head(one, look.decision)}", err=True)


def _date(text: str | None, today: date) -> date:
    """The day that is meant. Raises UsageError for what is no date, or one that has not come."""
    if text in (None, "today"):
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        wanted = None
    if wanted is None or wanted.isoformat() != text:
        raise click.UsageError(f"{text!r} is no date: write YYYY-MM-DD, today or yesterday.")
    if wanted > today:
        raise click.UsageError(f"{text} has not come yet.")
    return wanted


def _head(one: Told, decision: Decision) -> str:
    size = f"{len(one.body)} bytes, sha256 {hashlib.sha256(one.body).hexdigest()}"
    return f"{one.date} to {decision.url}, machine {one.host}: {size}: {one.fate}."


def _print_explained(one: Told, decision: Decision) -> None:
    try:
        explained = explaining.explain(one.body)
    except (ValueError, RecursionError):
        what = f"What the ledger keeps of {one.date} is no report."
        raise DevtelError(what, "Without --explain it is printed as it is.") from None
    click.echo(_head(one, decision))
    click.echo("Where a field has several values, they stand in the order of the targets.")
    for field in explained:
        click.echo(f"\n{field.path}: {field.meaning}\n{_wrapped('  = ' + ', '.join(field.values))}")


def _wrapped(text: str) -> str:
    """Lines for a terminal; no value is broken in two."""
    return textwrap.fill(text, 78, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _print_history(look: Query, wanted: str | None, as_json: bool) -> None:
    days, damaged = history.history(look, wanted)
    decision = look.decision
    if as_json:
        whom_told = {"destination": decision.url, "anonymous_id": decision.anonymous_id}
        click.echo(json.dumps({**whom_told, "days": [asdict(one) for one in days]}, indent=2))
    if damaged:
        click.echo(f"devtel: {damaged} damaged entries of the ledger are left out; their days are told anew.", err=True)
    if not days:
        raise DevtelError(
            f"Nothing was sent to {decision.url} yet." if wanted is None else f"Nothing was sent for {wanted}."
        )
    if not as_json:
        click.echo(f"To {decision.url} as {decision.anonymous_id}:")
        for one in days:
            click.echo(f"  {_line(one)}")


def _line(one: history.Past) -> str:
    """One day; the hash is that of the bytes that left last."""
    when = (one.stored_at or one.noted_at or "")[:16].replace("T", " ")
    runs = f"{one.runs} run{'s' * (one.runs != 1)}"
    length = f", {one.bytes} bytes" if one.bytes is not None else ""
    size = f"{runs}{length}, sha256 {one.sha256}" if one.sha256 else "never sent"
    answer = f"  {one.status or ''} {one.answer or ''}".rstrip()
    return f"{one.date}  {one.state:8} {when:16}  {size}{answer}"


def _print_fields(as_json: bool) -> None:
    if as_json:
        fields = [asdict(field) for field in FIELDS]
        click.echo(json.dumps({"notice": NOTICE_VERSION, "fields": fields}, indent=2))
        return
    for field in FIELDS:
        click.echo(_wrapped(f"{field.path}: {field.meaning}"))

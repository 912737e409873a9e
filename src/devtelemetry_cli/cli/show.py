"""`devtel show`: the bytes of a day, their explanation, the history of reports, or the fields of the notice."""

import hashlib
import json
import textwrap
import time
from dataclasses import asdict
from datetime import date, timedelta

import click

from devtelemetry_cli.cli import current, dates
from devtelemetry_cli.client import proxies, switches
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.commands.show import day, destination_choice, history
from devtelemetry_cli.commands.show import explain as explaining
from devtelemetry_cli.commands.show.day import Query, ReportBytes
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.formatting import counted
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION


@click.command()
@click.argument("day", metavar="[DATE]", required=False)
@click.option("--explain", is_flag=True, help="Print each field with its value and its meaning.")
@click.option("--history", is_flag=True, help="List earlier reports with time, destination and answer.")
@click.option("--fields", is_flag=True, help="List the fields of the notice; needs no consent.")
@click.option(
    "--json", "as_json", is_flag=True, help="With --history or --fields: print one JSON object (docs/json.md)."
)
@click.option("--destination", metavar="ADDRESS", help="Another destination: its address or host.")
@click.option("--quiet", "-q", is_flag=True, help="Print the bytes alone, nothing on stderr.")
def show(  # noqa: PLR0913, PLR0917  one for each option
    day: str | None, explain: bool, history: bool, fields: bool, as_json: bool, destination: str | None, quiet: bool
) -> None:
    """Print exactly the bytes that will be or were sent for a day: YYYY-MM-DD, today (the default) or yesterday.

    A line break follows the bytes. This prints the hash of the bytes without it, as in `devtel show --history`:

        printf %s "$(devtel show DATE)" | sha256sum

    Exit code 1: nothing was or will be sent for that day.
    """
    if explain + history + fields > 1:
        raise click.UsageError("Use only one of --explain, --history and --fields.")
    if as_json and not (history or fields):
        raise click.UsageError("--json needs --history or --fields; the bytes of a day are JSON already.")
    if fields:
        _print_fields(as_json)
        return
    now = time.time()
    wanted = _date(day, date.fromtimestamp(now))  # noqa: DTZ012  journals are named by the local day
    context = current.context()
    query = Query(context, destination_choice.decision(context, destination), now)
    if history:
        _print_history(query, wanted.isoformat() if day else None, as_json)
        return
    _print_day(query, wanted, explain, quiet)


def _print_day(query: Query, wanted: date, explain: bool, quiet: bool) -> None:
    switch = switches.switched_off(query.context.environ)
    if switch and not quiet:
        click.echo(f"devtel: nothing is sent while {switch} is set.", err=True)
    for one in day.day(query, wanted):
        if explain:
            _print_explained(one, query.decision)
            continue
        click.echo(one.body)
        if not quiet:
            click.echo(f"devtel: {_head(one, query.decision)}", err=True)


def _date(text: str | None, today: date) -> date:
    """The day that was named. Raises UsageError for an invalid date and for one in the future."""
    if text is None or text == "today":
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    wanted = dates.parse(text, ", today or yesterday")
    if wanted > today:
        raise click.UsageError(f"{text} is in the future.")
    return wanted


def _head(one: ReportBytes, decision: Decision) -> str:
    size = f"{len(one.body)} bytes, sha256 {hashlib.sha256(one.body).hexdigest()}"
    proxy = proxies.shown_proxy(decision.url)
    way = f" through the proxy {proxy}" if proxy else ""
    return f"{one.date} to {decision.url}{way}, machine {one.host}: {size}: {one.status_text}."


def _print_explained(one: ReportBytes, decision: Decision) -> None:
    try:
        explained = explaining.explain(one.body)
    except (ValueError, RecursionError):
        sentence = f"The ledger entry of {one.date} does not hold a report."
        raise DevtelError(sentence, "Without --explain it is printed unchanged.") from None
    click.echo(_head(one, decision))
    for block in explained:
        click.echo(f"\n{block.title}" if block.title else "")
        for field in block.fields:
            name = field.path.removeprefix("metrics.targets[].")
            click.echo(_wrapped(f"{name} = {', '.join(field.values)}"))
            click.echo(_wrapped(f"    {field.meaning}"))


def _wrapped(text: str) -> str:
    """Lines for a terminal; no value is split."""
    return textwrap.fill(text, 78, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _print_history(query: Query, wanted: str | None, as_json: bool) -> None:
    days, damaged = history.history(query, wanted)
    decision = query.decision
    if as_json:
        receiver = {"destination": decision.url, "anonymous_id": decision.anonymous_id}
        click.echo(json.dumps({**receiver, "days": [asdict(one) for one in days]}, indent=2))
    if damaged:
        entries = counted(damaged, "damaged ledger entry", "damaged ledger entries")
        click.echo(f"devtel: left out: {entries}; these days are sent again.", err=True)
    if not days:
        raise DevtelError(
            f"Nothing was sent to {decision.url} yet." if wanted is None else f"Nothing was sent for {wanted}."
        )
    if not as_json:
        click.echo(f"To {decision.url} as {decision.anonymous_id}:")
        for one in days:
            click.echo(f"  {_line(one)}")


def _line(one: history.SentDay) -> str:
    """One day; the hash is that of the bytes that were sent last."""
    when = (one.stored_at or one.noted_at or "")[:16].replace("T", " ")
    length = f", {one.bytes} bytes" if one.bytes is not None else ""
    size = f"{counted(one.runs or 0, 'run')}{length}, sha256 {one.sha256}" if one.sha256 else "never sent"
    answer = f"  {one.status or ''} {one.answer or ''}".rstrip()
    return f"{one.date}  {one.state:8} {when:16}  {size}{answer}"


def _print_fields(as_json: bool) -> None:
    if as_json:
        fields = [asdict(field) for field in FIELDS]
        click.echo(json.dumps({"notice": NOTICE_VERSION, "fields": fields}, indent=2))
        return
    for field in FIELDS:
        click.echo(_wrapped(f"{field.path}: {field.meaning}"))

"""`devtel stats`: in words with a chart, as JSON, or as CSV."""

import codecs
import csv
import io
import json
import locale
import sys
import time
from dataclasses import asdict, fields
from datetime import date
from difflib import get_close_matches
from typing import Any

import click

from devtelemetry_cli import cli
from devtelemetry_cli.cli import current
from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.consent import judge
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.commands.stats import journals, render, statistics
from devtelemetry_cli.commands.stats.journals import Found
from devtelemetry_cli.commands.stats.statistics import WEEK, Figures, Target
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.formatting import counted

_DAYS = click.IntRange(1, 3660)


@click.command(short_help="Tell what your own builds cost, from your own records.")
@click.option("--days", "count", type=_DAYS, default=28, show_default=True, help="How many days, up to today.")
@click.option("--target", "targets", multiple=True, metavar="NAME", help="Only this target; a % stands for any part.")
@click.option("--project", "projects", multiple=True, metavar="NAME", help="Only this project.")
@click.option("--all", "everything", is_flag=True, help="Every destination on this machine, not just this place's.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object (docs/json.md).")
@click.option("--csv", "as_csv", is_flag=True, help="Print the targets as CSV, times in seconds.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing of records that cannot be read.")
def stats(  # noqa: PLR0913, PLR0917  one for each option
    count: int,
    targets: tuple[str, ...],
    projects: tuple[str, ...],
    everything: bool,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
) -> None:
    """Tell what your own builds cost, from your own journal; nothing is sent for it.

    Waiting counts the outermost runs only: what a target runs inside is part of it. p50 and p90 are exact: half of
    the runs, and nine of ten, took no longer. Runs that you interrupted are left out of them.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    context, today = current.context(), date.today()  # noqa: DTZ011  journals are named by the local day
    first = journals.first_day(today, count)
    folders = journals.everywhere(context.state) if everything else journals.here(context)
    found = journals.add_up(folders, min(first, journals.first_day(today, 2 * WEEK)), today)
    if not quiet:
        _tell_troubles(found)
    chosen = statistics.figures(statistics.chosen(found.days, targets, projects), first, today)
    if as_json:
        click.echo(json.dumps(_values(chosen, found), indent=2))
    elif as_csv:
        click.echo(_csv(chosen.targets), nl=False)
    if not chosen.runs:
        raise _nothing(context, found, count, (*targets, *projects), everything)
    if not as_json and not as_csv:
        _print(chosen)


def _tell_troubles(found: Found) -> None:
    sentences = [f"{trouble} It is left out." for trouble in found.troubles]
    if found.tally.newer:
        sentences.append(
            f"Left out: {counted(found.tally.newer, 'record')} of a newer devtel. Update devtel to see them."
        )
    if found.tally.damaged:
        sentences.append(f"Left out: {counted(found.tally.damaged, 'damaged record')}.")
    for sentence in sentences:
        click.echo(f"devtel: {sentence}", err=True)


def _values(chosen: Figures, found: Found) -> dict[str, Any]:
    """The stable shape: docs/json.md."""
    unread = {"damaged_records": found.tally.damaged, "newer_records": found.tally.newer, "troubles": found.troubles}
    return asdict(chosen) | unread


def _csv(targets: list[Target]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Target))
    for target in targets:
        writer.writerow(_cell(value) for value in asdict(target).values())
    return text.getvalue()


def _cell(value: object) -> object:
    """A name that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def _print(chosen: Figures) -> None:
    coloured = cli.use_colour()
    # LC_ALL=C means a terminal of which nothing is known; Python writes UTF-8 to it all the same.
    is_plain = codecs.lookup(locale.getencoding()).name == "ascii"
    for line in render.lines(chosen, "ascii" if is_plain else sys.stdout.encoding):
        is_heading = coloured and line and not line.startswith(" ")
        click.echo(click.style(line, bold=True) if is_heading else line)


def _nothing(context: Context, found: Found, count: int, names: tuple[str, ...], everything: bool) -> DevtelError:
    """Why there is nothing to show, and what to do."""
    window = "today" if count == 1 else f"in the last {count} days"
    known = sorted({name for sums in found.days.values() for key in sums for name in key if name})
    if names and known:
        near = [match for name in names for match in get_close_matches(name, known, n=2)]
        advice = f"Did you mean {' or '.join(dict.fromkeys(near))}?" if near else f"There is {_some(known)}."
        return DevtelError(f"No run of {' in '.join(names)} was recorded {window}.", advice)
    if found.last:
        return DevtelError(f"No run was recorded {window}.", f"The last day with records is {found.last}; see --days.")
    if everything:
        return DevtelError("Nothing is recorded on this machine.", "`devtel consent list` tells what you decided.")
    now = time.time()
    answer = judge.judge(context.environ, context.config, context.project, now)
    elsewhere = " `--all` looks at the other places." if journals.everywhere(context.state) else ""
    words = judge.describe(answer.state, answer.rule)
    if answer.records(now):
        return DevtelError(f"No run was recorded here yet ({words}).", f"Run a target that is handed over.{elsewhere}")
    asks = "`devtel consent` asks." if answer.ask else "`devtel consent local` records for yourself."
    advice = asks if answer.state == consent_cache.UNDECIDED else "`devtel consent show` tells more."
    return DevtelError(f"Nothing is recorded here ({words}).", advice + elsewhere)


def _some(known: list[str]) -> str:
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")

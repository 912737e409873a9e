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
from pathlib import Path
from typing import Any

import click

from devtelemetry_cli import cli, consent
from devtelemetry_cli.cli import complete, current
from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.commands.stats import journals, page, render, statistics
from devtelemetry_cli.commands.stats.aggregate_exact import Key
from devtelemetry_cli.commands.stats.journals import Summary
from devtelemetry_cli.commands.stats.statistics import WEEK, Statistics, Target
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.csv_cells import cell
from devtelemetry_cli.model.formatting import counted

_DAYS = click.IntRange(1, 3660)


@click.command()
@click.option("--days", "count", type=_DAYS, default=28, show_default=True, help="The number of days, up to today.")
@click.option(
    "--target", "targets", multiple=True, metavar="NAME", shell_complete=complete.targets,
    help="Only this target; a % matches any part.",
)  # fmt: skip
@click.option("--project", "projects", multiple=True, metavar="NAME", help="Only this project.")
@click.option("--all", "everything", is_flag=True, help="Every destination on this machine, not only the one here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/json.md).")
@click.option("--csv", "as_csv", is_flag=True, help="Print the targets as CSV, times in seconds.")
@click.option("--open", "as_page", is_flag=True, help="Write an HTML page with charts and open it in a browser.")
@click.option("--quiet", "-q", is_flag=True, help="Print no warnings about unreadable records.")
def stats(  # noqa: PLR0913, PLR0917  one for each option
    count: int,
    targets: tuple[str, ...],
    projects: tuple[str, ...],
    everything: bool,
    as_json: bool,
    as_csv: bool,
    as_page: bool,
    quiet: bool,
) -> None:
    """Show what your own builds cost, from your own records. Nothing is sent.

    Waiting time counts outermost runs only: a target that runs inside another is part of it. p50 and p90 are exact:
    half of the runs, and nine of ten, took no longer. Interrupted runs are left out of them.
    """
    if as_json + as_csv + as_page > 1:
        raise click.UsageError("Use only one of --json, --csv and --open.")
    context, today = current.context(), date.today()  # noqa: DTZ011  journals are named by the local day
    first = journals.first_day(today, count)
    folders = journals.all_folders(context.state) if everything else journals.of_context(context)
    summary = journals.sum_days(folders, min(first, journals.first_day(today, 2 * WEEK)), today)
    if not quiet:
        _print_warnings(summary)
    selected = statistics.statistics(statistics.select(summary.days, targets, projects), first, today)
    if as_json:
        click.echo(json.dumps(_values(selected, summary), indent=2))
    elif as_csv:
        click.echo(_csv(selected.targets), nl=False)
    if not selected.runs:
        raise _no_runs(context, summary, count, targets, projects, everything)
    if as_page:
        _open(selected)
    elif not as_json and not as_csv:
        _print(selected)


def _print_warnings(summary: Summary) -> None:
    sentences = [f"{trouble} It is left out." for trouble in summary.troubles]
    if summary.tally.newer:
        newer = counted(summary.tally.newer, "record")
        sentences.append(f"Left out: {newer} of a newer devtel. Update devtel to include them.")
    if summary.tally.damaged:
        sentences.append(f"Left out: {counted(summary.tally.damaged, 'damaged record')}.")
    for sentence in sentences:
        click.echo(f"devtel: {sentence}", err=True)


def _values(selected: Statistics, summary: Summary) -> dict[str, Any]:
    """The stable shape: docs/json.md."""
    unread = {
        "damaged_records": summary.tally.damaged,
        "newer_records": summary.tally.newer,
        "troubles": summary.troubles,
    }
    return asdict(selected) | unread


def _csv(targets: list[Target]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Target))
    writer.writerows([cell(value) for value in asdict(target).values()] for target in targets)
    return text.getvalue()


def _open(selected: Statistics) -> None:
    """Write the page into a folder of its own, print its path, and open it where there is a browser."""
    import tempfile  # noqa: PLC0415  both for this option only
    import webbrowser  # noqa: PLC0415

    file = Path(tempfile.mkdtemp(prefix="devtel-stats-")) / "stats.html"  # 0700: the page is private
    file.write_text(page.render(selected), encoding="utf-8")
    click.echo(file)
    if not webbrowser.open(file.as_uri()):
        click.echo("devtel: no browser was found: open the file yourself.", err=True)


def _print(selected: Statistics) -> None:
    coloured = cli.use_colour()
    # LC_ALL=C means a terminal with unknown abilities, although Python writes UTF-8 to it.
    is_plain = codecs.lookup(locale.getencoding()).name == "ascii"
    for line in render.lines(selected, "ascii" if is_plain else sys.stdout.encoding):
        is_heading = coloured and line and not line.startswith(" ")
        click.echo(click.style(line, bold=True) if is_heading else line)


def _no_runs(  # noqa: PLR0913, PLR0917  what was asked for
    context: Context,
    summary: Summary,
    count: int,
    targets: tuple[str, ...],
    projects: tuple[str, ...],
    everything: bool,
) -> DevtelError:
    """The reason why there is nothing to show, and the next step."""
    window = "today" if count == 1 else f"in the last {count} days"
    keys = {key for sums in summary.days.values() for key in sums}
    if (targets or projects) and keys:
        near = _near(targets, {target for _, target in keys}) + _near(projects, {project for project, _ in keys})
        advice = f"Did you mean {' or '.join(near)}?" if near else _recorded(keys, projects)
        return DevtelError(f"No run of {' in '.join((*targets, *projects))} was recorded {window}.", advice)
    if summary.last:
        return DevtelError(
            f"No run was recorded {window}.", f"The last day with records is {summary.last}; see --days."
        )
    if everything:
        return DevtelError("Nothing is recorded on this machine.", "`devtel consent list` prints your decisions.")
    return _nothing_recorded(context)


def _nothing_recorded(context: Context) -> DevtelError:
    now = time.time()
    here = consent.judge(context, now)
    elsewhere = " `--all` includes other destinations." if journals.all_folders(context.state) else ""
    state = consent.describe(here.state, here.rule)
    if here.records(now):
        return DevtelError(f"No run was recorded here yet ({state}).", f"Run a wrapped target.{elsewhere}")
    ask = "`devtel consent` asks for a decision." if here.ask else "`devtel consent local` records locally only."
    advice = ask if here.state == consent_cache.UNDECIDED else "`devtel consent show` prints the details."
    return DevtelError(f"Nothing is recorded here ({state}).", advice + elsewhere)


def _near(names: tuple[str, ...], known: set[str]) -> list[str]:
    return list(dict.fromkeys(match for name in names for match in get_close_matches(name, sorted(known), n=2)))


def _recorded(keys: set[Key], projects: tuple[str, ...]) -> str:
    """The names that there are: of projects where one was asked for, else of targets."""
    names = sorted({project if projects else target for project, target in keys} - {""})
    return f"Recorded {'projects' if projects else 'targets'}: {_some(names)}." if names else ""


def _some(known: list[str]) -> str:
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")

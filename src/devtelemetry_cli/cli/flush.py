"""`devtel flush`: send the changed days. Prints nothing where no terminal is, as under cron."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import click

from devtelemetry_cli import cli, send
from devtelemetry_cli.cli import current
from devtelemetry_cli.client import switches
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.formatting import counted

_PROGRESS_AFTER = 1.0  # seconds
_GRACE = 5.0  # seconds after the deadline in which a flush must have ended by itself
# Of the faults of several destinations, the one that a user must correct decides the exit code.
_URGENCY = (77, 78, 65, 69, 75, 1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the reports that would be sent, byte for byte, and send nothing.")
@click.option(
    "--deadline", type=click.FloatRange(1, 3600), default=60, show_default=True, help="The longest duration in seconds."
)
@click.option("--quiet", "-q", is_flag=True, help="As under cron: print nothing, and wait where a pause is due.")
@click.option("--verbose", "-v", is_flag=True, help="As at a terminal: print the results, and wait for no pause.")
def flush(dry_run: bool, deadline: float, quiet: bool, verbose: bool) -> None:
    """Send each changed day's report. Meant for cron; run by hand it waits for no pause."""
    context = current.context()
    in_person = not quiet and (verbose or cli.is_interactive())
    switch = switches.switched_off(context.environ)
    options = send.FlushOptions(context.state, context.environ, in_person, time.monotonic() + deadline)
    if switch:
        _print(in_person, f"devtel is switched off ({switch} is set); nothing is sent.")
    elif dry_run:
        _preview(options, quiet)
    else:
        _flush(options, deadline)


def _preview(options: send.FlushOptions, quiet: bool) -> None:
    count = 0
    for decision, report in send.preview(options):
        click.echo(report.body)
        _print(not quiet, f"{report.date} to {decision.url}: {len(report.body)} bytes")
        count += 1
    if not count:
        _print(not quiet, "nothing would be sent.")


def _flush(options: send.FlushOptions, deadline: float) -> None:
    _arm_watchdog(deadline)
    line = ProgressLine(wanted=options.in_person and sys.stderr.isatty())
    try:
        results = send.flush(replace(options, progress=line.show))
    except DevtelError as fault:
        _print(options.in_person, str(fault))
        raise SystemExit(fault.exit_code) from None
    finally:
        line.clear()
    for sentence in [*_sentences(results)] or ["nothing to send."]:
        _print(options.in_person, sentence)
    codes = {fault.exit_code for result in results for fault in result.faults}
    raise SystemExit(next((code for code in _URGENCY if code in codes), 0))


def _sentences(results: list[send.Result]) -> Iterator[str]:
    for result in results:
        yield from result.erasures
        if result.sent:
            yield f"sent to {result.host}: {', '.join(result.sent)}"
        yield from map(str, result.faults)


class ProgressLine:
    """The progress of a flush on one line of a terminal, shown once it has taken more than a second."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._shown_from = time.monotonic() + _PROGRESS_AFTER
        self._last = ""

    def show(self, done: int, days: int) -> None:
        """Show that `done` of so many days are sent."""
        if self._wanted and time.monotonic() >= self._shown_from:
            self._last = f"devtel: {done} of {counted(days, 'day')} sent"
            click.echo(f"\r{self._last}", nl=False, err=True)

    def clear(self) -> None:
        """Clear the line."""
        if self._last:
            click.echo(f"\r{' ' * len(self._last)}\r", nl=False, err=True)


def _print(wanted: bool, sentence: str) -> None:
    if wanted:
        click.echo(f"devtel: {sentence}", err=True)


def _arm_watchdog(deadline: float) -> None:
    """End the process where a file system hangs: the deadline of a flush covers its requests only.

    Nothing is lost: the ledger is whole after each step of a flush.
    """
    watchdog = threading.Timer(deadline + _GRACE, os._exit, [75])
    watchdog.daemon = True
    watchdog.start()

"""`devtel flush`: send what changed. Says nothing when all is well and nobody is there, as under cron."""

import os
import sys
import threading
import time
from dataclasses import replace

import click

from devtelemetry_cli import cli
from devtelemetry_cli import send as sending
from devtelemetry_cli.cli import current
from devtelemetry_cli.client import switches
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.formatting import counted

_PATIENCE = 1.0  # seconds without a progress bar
_WIDTH = 24
_GRACE = 5.0  # seconds after the deadline in which a flush must have ended by itself
# When several destinations are in trouble, the one that a person must mend decides the exit code.
_URGENCY = (77, 78, 65, 69, 75, 1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the reports that would be sent, byte for byte, and send nothing.")
@click.option("--deadline", type=click.FloatRange(1, 3600), default=60, show_default=True, help="Seconds it may take.")
@click.option("--quiet", "-q", is_flag=True, help="As under cron: say nothing, and wait where a pause is due.")
@click.option("--verbose", "-v", is_flag=True, help="As if called at a terminal: tell what happens, wait for no pause.")
def flush(dry_run: bool, deadline: float, quiet: bool, verbose: bool) -> None:
    """Send each changed day's report. Meant for cron; run by hand it waits for no pause."""
    context = current.context()
    in_person = not quiet and (verbose or cli.is_interactive())
    switch = switches.switched_off(context.environ)
    job = sending.FlushOptions(context.state, context.environ, in_person, time.monotonic() + deadline)
    if switch:
        _tell(in_person, f"devtel is switched off ({switch} is set); nothing is sent.")
    elif dry_run:
        _preview(job, quiet)
    else:
        _flush(job, deadline)


def _preview(job: sending.FlushOptions, quiet: bool) -> None:
    count = 0
    for decision, report in sending.preview(job):
        click.echo(report.body)
        _tell(not quiet, f"{report.date} to {decision.url}: {len(report.body)} bytes")
        count += 1
    if not count:
        _tell(not quiet, "nothing would be sent.")


def _flush(job: sending.FlushOptions, deadline: float) -> None:
    _arm_watchdog(deadline)
    bar = ProgressBar(wanted=job.in_person and sys.stderr.isatty())
    try:
        results = sending.flush(replace(job, progress=bar.show))
    except DevtelError as fault:
        _tell(job.in_person, str(fault))
        raise SystemExit(fault.exit_code) from None
    finally:
        bar.close()
    faults = [fault for result in results for fault in result.faults]
    for result in results:
        for sentence in result.erasures:
            _tell(job.in_person, sentence)
        if result.sent:
            _tell(job.in_person, f"sent to {result.host}: {', '.join(result.sent)}")
        for trouble in result.faults:
            _tell(job.in_person, str(trouble))
    if not faults and not any(result.sent or result.erasures for result in results):
        _tell(job.in_person, "nothing to send.")
    codes = {fault.exit_code for fault in faults}
    raise SystemExit(next((code for code in _URGENCY if code in codes), 0))


class ProgressBar:
    """The days of a flush on one line of a terminal, shown only once it has taken more than a second."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._shown_from = time.monotonic() + _PATIENCE
        self._last = ""

    def show(self, done: int, days: int) -> None:
        """Show that `done` of so many days are told."""
        if self._wanted and time.monotonic() >= self._shown_from:
            full = _WIDTH * done // max(days, 1)
            self._last = f"devtel: [{'#' * full}{'.' * (_WIDTH - full)}] {done} of {counted(days, 'day')}"
            click.echo(f"\r{self._last}", nl=False, err=True)

    def close(self) -> None:
        """Leave the line as it was."""
        if self._last:
            click.echo(f"\r{' ' * len(self._last)}\r", nl=False, err=True)


def _tell(wanted: bool, sentence: str) -> None:
    if wanted:
        click.echo(f"devtel: {sentence}", err=True)


def _arm_watchdog(deadline: float) -> None:
    """End the process when even the alarm in post.py cannot: a name lookup, say, hangs in the C library.

    Nothing is lost by it: every step of a flush leaves the ledger whole.
    """
    watchdog = threading.Timer(deadline + _GRACE, os._exit, [75])
    watchdog.daemon = True
    watchdog.start()

"""`devtel flush`: send what changed. Says nothing when all is well and nobody is there, as under cron."""

import os
import threading
import time

import click

from devtelemetry_cli import cli, send, switches
from devtelemetry_cli.cli import place as places
from devtelemetry_cli.errors import DevtelError

_GRACE = 5.0  # seconds after the deadline in which a flush must have ended by itself
# When several destinations are in trouble, the one that a person must mend decides the exit code.
_URGENCY = (77, 78, 65, 69, 75, 1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the reports that would be sent, byte for byte, and send nothing.")
@click.option("--deadline", type=click.FloatRange(1, 3600), default=60, show_default=True, help="Seconds it may take.")
@click.option("--verbose", "-v", is_flag=True, help="Tell what happens even where no terminal is.")
def flush(dry_run: bool, deadline: float, verbose: bool) -> None:
    """Send each changed day's report. Meant for cron; run by hand it waits for no pause."""
    place = places.here()
    in_person = cli.somebody_is_there()
    switch = switches.switched_off(place.environ)
    job = send.Flush(places.keeping(place), place.environ, in_person, time.monotonic() + deadline)
    if switch:
        _tell(in_person or verbose, f"devtel is switched off ({switch} is set); nothing is sent.")
    elif dry_run:
        _preview(job)
    else:
        _flush(job, deadline, talkative=in_person or verbose)


def _preview(job: send.Flush) -> None:
    count = 0
    for decision, report in send.preview(job):
        click.echo(report.body)
        click.echo(f"devtel: {report.date} to {decision.url}: {len(report.body)} bytes", err=True)
        count += 1
    if not count:
        click.echo("devtel: nothing would be sent.", err=True)


def _flush(job: send.Flush, deadline: float, *, talkative: bool) -> None:
    _arm_watchdog(deadline)
    try:
        results = send.flush(job)
    except DevtelError as fault:
        _tell(talkative, str(fault))
        raise SystemExit(fault.exit_code) from None
    faults = [fault for result in results for fault in result.faults]
    for result in results:
        for sentence in result.erasures:
            _tell(talkative, sentence)
        if result.sent:
            _tell(talkative, f"sent to {result.host}: {', '.join(result.sent)}")
        for trouble in result.faults:
            _tell(talkative, str(trouble))
    if not faults and not any(result.sent or result.erasures for result in results):
        _tell(talkative, "nothing to send.")
    codes = {fault.exit_code for fault in faults}
    raise SystemExit(next((code for code in _URGENCY if code in codes), 0))


def _tell(talkative: bool, sentence: str) -> None:
    if talkative:
        click.echo(f"devtel: {sentence}", err=True)


def _arm_watchdog(deadline: float) -> None:
    """End the process when even the alarm in post.py cannot: a name lookup, say, hangs in the C library.

    Nothing is lost by it: every step of a flush leaves the ledger whole.
    """
    watchdog = threading.Timer(deadline + _GRACE, os._exit, [75])
    watchdog.daemon = True
    watchdog.start()

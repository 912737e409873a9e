"""`devtel schedule`: install, remove or show a daily flush."""

import json
import os
import sys

import click

from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.commands.schedule import job as jobs


@click.group()
def schedule() -> None:
    """Send daily: install, remove or show the schedule of `devtel flush`."""


@schedule.command()
@click.option("--with", "scheduler", type=click.Choice(list(backends.SCHEDULERS)), help="Else the first available.")
def install(scheduler: str | None) -> None:
    """Install a daily flush at a random time of the working day.

    `background`, for machines without a scheduler, starts it after a recorded run, at most once a day.

    Run again, it updates the schedule and keeps its time.
    """
    environ = dict(os.environ)
    job = jobs.flush(environ, sys.argv[0])
    name, changed = backends.install(environ, job, scheduler or "")
    for sentence in job.left_out:
        click.echo(f"devtel: {sentence}", err=True)
    (installed,) = [found for found in backends.find(environ, job) if found.scheduler == name]
    if not backends.SCHEDULERS[name].is_running(environ):
        click.echo(f"devtel: warning: {' '.join(backends.NOT_RUNNING[name])}", err=True)
    click.echo(f"{'Installed' if changed else 'Already installed'}: devtel flush, {installed}.")


@schedule.command()
def remove() -> None:
    """Remove the daily flush, and nothing else."""
    names = backends.remove(dict(os.environ))
    click.echo(f"Removed from {' and '.join(names)}." if names else "devtel had installed no schedule.")


@schedule.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/json.md).")
def status(as_json: bool) -> None:
    """Show whether a daily flush is installed."""
    environ = dict(os.environ)
    found = backends.find(environ, jobs.flush(environ, sys.argv[0]))
    if as_json:
        schedules = [
            {"with": one.scheduler, "when": one.when, "current": one.is_current, "text": one.text} for one in found
        ]
        values = {"installed": bool(found), "schedules": schedules, "available": backends.available(environ)}
        click.echo(json.dumps(values, indent=2))
        return
    for one in found:
        click.echo(str(one))
        if not one.is_current:
            click.echo("devtel: the schedule is out of date: `devtel schedule install` updates it.", err=True)
    if not found:
        click.echo("not installed: `devtel schedule install` sends daily")

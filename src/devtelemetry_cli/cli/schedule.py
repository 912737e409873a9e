"""`devtel schedule`: a daily flush, installed, removed away, or shown."""

import json
import os
import sys

import click

from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.commands.schedule import job as jobs


@click.group()
def schedule() -> None:
    """Send daily, by systemd or crontab."""


@schedule.command()
@click.option(
    "--with", "scheduler", type=click.Choice(list(backends.SCHEDULERS)), help="Who starts it; else whichever is here."
)  # fmt: skip
def install(scheduler: str | None) -> None:
    """Install a daily flush, at a time of this machine's own. Said again, it only brings it up to date."""
    environ = dict(os.environ)
    job = jobs.flush(environ, sys.argv[0])
    name, changed = backends.install(environ, job, scheduler or "")
    for sentence in job.left_out:
        click.echo(f"devtel: {sentence}", err=True)
    (installed,) = [found for found in backends.find(environ, job) if found.scheduler == name]
    click.echo(f"{'Installed' if changed else 'In place already'}: devtel flush, daily at {installed.when}, by {name}.")


@schedule.command()
def remove() -> None:
    """Take the daily flush away, and nothing else."""
    names = backends.remove(dict(os.environ))
    click.echo(f"Removed from {' and '.join(names)}." if names else "There was no schedule of devtel's.")


@schedule.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object (docs/json.md).")
def status(as_json: bool) -> None:
    """Tell whether a daily flush is installed."""
    environ = dict(os.environ)
    found = backends.find(environ, jobs.flush(environ, sys.argv[0]))
    if as_json:
        installed = [
            {"with": one.scheduler, "when": one.when, "current": one.is_current, "text": one.text} for one in found
        ]
        values = {"installed": bool(found), "schedules": installed, "available": backends.available(environ)}
        click.echo(json.dumps(values, indent=2))
        return
    for one in found:
        click.echo(f"{one.scheduler}: daily at {one.when}")
        if not one.is_current:
            click.echo("devtel: it differs from what would be written now: `devtel schedule install`.", err=True)
    if not found:
        click.echo("not installed: `devtel schedule install` sends daily")

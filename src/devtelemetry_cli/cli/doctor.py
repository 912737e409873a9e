"""`devtel doctor`: what is well and what is not, in words or as JSON."""

import json
import sys
import time
from dataclasses import asdict

import click

from devtelemetry_cli import __version__, cli
from devtelemetry_cli.cli import current
from devtelemetry_cli.commands.doctor import finding as findings
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding
from devtelemetry_cli.commands.doctor.runner import examine
from devtelemetry_cli.model.formatting import counted

_COLOURS = {findings.OK: "green", findings.NOTE: "yellow", findings.PROBLEM: "red"}


@click.command(short_help="Look at everything that devtel needs; say what to do.")
@click.option("--offline", is_flag=True, help="Ask no destination anything.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object (docs/json.md).")
@click.option("--quiet", "-q", is_flag=True, help="Only what is not well.")
def doctor(offline: bool, as_json: bool, quiet: bool) -> None:
    """Look at everything that devtel needs, and say what to do; ends with 0 only when all is well."""
    found = []
    for finding in examine(Environment(current.context(), time.time(), sys.argv[0], offline)):
        found.append(finding)
        if not as_json and not (quiet and finding.level == findings.OK):
            _print(finding)
    healthy = findings.is_healthy(found)
    if as_json:
        values = {"version": __version__, "healthy": healthy, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(values, indent=2))
    elif not quiet:
        count = sum(finding.level == findings.PROBLEM for finding in found)
        click.echo(f"devtel: {'all is well' if healthy else counted(count, 'problem')}.", err=True)
    raise SystemExit(0 if healthy else 1)


def _print(finding: Finding) -> None:
    level = f"{finding.level:8}"
    if cli.use_colour():
        level = click.style(level, fg=_COLOURS[finding.level])
    click.echo(f"{level} {finding.check:9} {finding.message}")
    if finding.advice:
        click.echo(f"{'':18} -> {finding.advice}")

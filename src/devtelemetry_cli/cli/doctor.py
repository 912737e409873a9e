"""`devtel doctor`: the findings in words or as JSON."""

import json
import sys
import time
from dataclasses import asdict

import click

from devtelemetry_cli import __version__, cli
from devtelemetry_cli.cli import current
from devtelemetry_cli.client import destination
from devtelemetry_cli.commands.doctor import finding as findings
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding
from devtelemetry_cli.commands.doctor.runner import examine
from devtelemetry_cli.model.formatting import counted

_COLOURS = {findings.OK: "green", findings.NOTE: "yellow", findings.PROBLEM: "red"}
_ORDER = (findings.PROBLEM, findings.NOTE, findings.OK)


@click.command()
@click.option("--offline", is_flag=True, help="Contact no destination.")
@click.option("--url", default="", metavar="ADDRESS", help="Also contact this report URL, without a token.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/json.md).")
@click.option("--verbose", "-v", is_flag=True, help="Also list everything that is fine.")
@click.option("--quiet", "-q", is_flag=True, help="Print problems and notes only.")
def doctor(offline: bool, url: str, as_json: bool, verbose: bool, quiet: bool) -> None:
    """Check everything that devtel needs: problems first, each with advice. Exit code 0: no problems.

    Only destinations that you agreed to are contacted, by read-only requests.
    """
    named = destination.parse(url).url if url else ""
    found = list(examine(Environment(current.context(), time.time(), sys.argv[0], offline, named)))
    healthy = findings.is_healthy(found)
    if as_json:
        values = {"version": __version__, "healthy": healthy, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(values, indent=2))
    else:
        _print(found, verbose, quiet)
    raise SystemExit(0 if healthy else 1)


def _print(found: list[Finding], verbose: bool, quiet: bool) -> None:
    for level in _ORDER:
        for finding in found:
            if finding.level == level and (verbose or level != findings.OK):
                _print_finding(finding)
    problems, fine = (sum(one.level == level for one in found) for level in (findings.PROBLEM, findings.OK))
    if not quiet:
        rest = "" if verbose else " (-v lists them)"
        click.echo(f"devtel: {counted(problems, 'problem')}; {counted(fine, 'check')} passed{rest}.", err=True)


def _print_finding(finding: Finding) -> None:
    level = f"{finding.level:8}"
    if cli.use_colour():
        level = click.style(level, fg=_COLOURS[finding.level])
    click.echo(f"{level} {finding.check:9} {finding.message}")
    if finding.advice:
        click.echo(f"{'':18} -> {finding.advice}")

"""Checks of the files that a build uses: devtel.mk, GNUmakefile, and devtel's start script."""

import re
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.commands import measurement
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.makefile import generated


def fragment_file(env: Environment) -> Iterator[Finding]:
    """Whether devtel.mk and GNUmakefile are what this devtel would write for the project's report URL."""
    for file in generated.find(env.context, env.user, env.project):
        if not file.is_ours:
            yield note(f"{file.path} was not written by devtel.")
        elif not file.is_current:
            other = "report URL" if file.has_other_address else "version of devtel"
            yield problem(f"{file.path} is for another {other}.", file.renewal, path=str(file.path))
        else:
            yield ok(f"{file.path} is up to date: {generated.SCOPES[file.path.name]}", path=str(file.path))


def measured(env: Environment) -> Iterator[Finding]:
    """Whether calls of make are measured here, and by which engine. Without consent, that check gives the reason."""
    status = consent.judge(env.context, env.now)
    found = measurement.here(env.context, status, env.user, env.now)
    values = {"scope": found.scope, "make": found.make, "version": found.make_version, "engine": found.engine}
    if found.scope is None:
        yield ok(f"no call of make is measured: {found.reason}", **values)
    elif found.engine is None and status.records(env.now):
        yield note(f"{found}.", "", **values)
    else:
        yield ok(f"{found.scope}: {found}", **values)


def start_script(env: Environment) -> Iterator[Finding]:
    """Whether an old pip wrote the start script, which then costs every run some milliseconds."""
    script = Path(env.started_as)
    if script.name != "devtel" or not script.is_file():
        return
    if re.search(rb"^import re$", atomic_files.read(script)[:4096], flags=re.MULTILINE):
        advice = "Install devtel again with pip 24.1 or newer, pipx or uv."
        yield note(f"{script} was written by an old pip and costs every run some milliseconds.", advice)
    else:
        yield ok(f"start script: {script}", path=str(script))

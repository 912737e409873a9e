"""Checks of the files that a build uses: devtel.mk, GNUmakefile, and devtel's start script."""

import re
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli.client import atomic_files, destination, settings
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.makefile import templates

_WAYS = {
    templates.FRAGMENT: ("chosen targets", "`devtel makefile`"),
    templates.EVERY_TARGET: ("every target", "`devtel makefile --every-target`"),
}


def fragment_file(env: Environment) -> Iterator[Finding]:
    """Whether devtel.mk and GNUmakefile are what this devtel would write for the project's report URL."""
    folders = {env.context.folder, str(Path(env.context.project).parent) if env.context.project else None} - {None}
    # As its maintainers would write it: an address in this environment is nobody else's.
    address = settings.report_url({}, env.user, env.project).url
    for file in sorted(Path(str(folder)) / name for folder in folders for name in _WAYS):
        if file.exists():
            yield _generated(file, templates.render(file.name, destination.parse(address) if address else None))


def _generated(file: Path, wanted: str) -> Finding:
    text = atomic_files.read(file).decode("utf-8", "replace")
    measured, command = _WAYS[file.name]
    if not templates.is_ours(file.name, text):
        return note(f"{file} was not written by devtel.")
    if text != wanted:
        advice = f"{command} writes it anew; commit it."
        return problem(f"{file} is of another devtel or another report URL.", advice, path=str(file))
    return ok(f"{file} is up to date: {measured}", path=str(file))


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

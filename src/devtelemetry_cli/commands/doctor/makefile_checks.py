"""Checks of the files that a build uses: the project's devtel.mk, and devtel's start script."""

import re
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli.client import atomic_files, destination, settings
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.makefile import templates


def fragment_file(env: Environment) -> Iterator[Finding]:
    """Whether devtel.mk is what this devtel would write for the project's report URL."""
    folders = {env.context.folder, str(Path(env.context.project).parent) if env.context.project else None} - {None}
    for file in sorted(Path(str(folder)) / templates.FRAGMENT for folder in folders):
        if not file.exists():
            continue
        text = atomic_files.read(file).decode("utf-8", "replace")
        # As its maintainers would write it: an address in this environment is nobody else's.
        address = settings.report_url({}, env.user, env.project).url
        wanted = templates.render(templates.FRAGMENT, destination.parse(address) if address else None)
        if not templates.is_ours(templates.FRAGMENT, text):
            yield note(f"{file} was not written by devtel.")
        elif text != wanted:
            advice = "`devtel makefile` writes it anew; commit it."
            yield problem(f"{file} is of another devtel or another report URL.", advice, path=str(file))
        else:
            yield ok(f"{file} is up to date", path=str(file))


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

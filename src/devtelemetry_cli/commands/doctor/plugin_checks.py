"""Check of the plug-in for make: the makes that load it, and the reason where the wrapper measures instead."""

from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli.client import settings
from devtelemetry_cli.client.plugin import approval
from devtelemetry_cli.client.plugin.approval import Make
from devtelemetry_cli.commands import measurement
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok


def plugin(env: Environment) -> Iterator[Finding]:
    """How calls of every target are measured, by each make; nothing without an agreement to every target."""
    markers = Path(env.context.state.every_target_markers)
    if not markers.is_dir() or not any(markers.iterdir()):
        return
    if why := measurement.no_plugin(env.context.state, env.user):
        yield note(f"The wrapper measures every target, not the plug-in for make: {why}.", engine=settings.WRAPPER)
        return
    for make in approval.read(Path(env.context.state.plugin)).makes:
        yield _make(make)


def _make(make: Make) -> Finding:
    if make.refusal:
        message = f"{make.command} is measured by the wrapper, not by the plug-in: {make.refusal}."
        return note(message, make=make.command, version=make.version, engine=settings.WRAPPER)
    message = f"{make.command} (make {make.version}) is measured by the plug-in"
    return ok(message, make=make.command, version=make.version, engine=settings.PLUGIN)

"""The commands of `devtel`: parsing and printing only, one file for each group.

A command's own modules are imported when it runs, so that `devtel status` does not wait for a web framework.
"""

import importlib
import os
import sys
from typing import NoReturn

import click

from devtelemetry_cli import __version__
from devtelemetry_cli.errors import DevtelError

COMMANDS = {
    "wrap": "devtelemetry_cli.cli.wrap:wrap",
    "consent": "devtelemetry_cli.cli.consent:consent",
    "status": "devtelemetry_cli.cli.status:status",
    "show": "devtelemetry_cli.cli.show:show",
    "stats": "devtelemetry_cli.cli.stats:stats",
    "flush": "devtelemetry_cli.cli.flush:flush",
    "schedule": "devtelemetry_cli.cli.schedule:schedule",
    "doctor": "devtelemetry_cli.cli.doctor:doctor",
    "purge": "devtelemetry_cli.cli.purge:purge",
    "token": "devtelemetry_cli.cli.token:token",
    "init": "devtelemetry_cli.cli.init:init",
    "makefile": "devtelemetry_cli.cli.makefile:makefile",
    "completion": "devtelemetry_cli.cli.completion:completion",
    "serve": "devtelemetry_cli.cli.serve:serve",
    "devlake": "devtelemetry_cli.cli.devlake.commands:devlake",
}


class Commands(click.Group):
    """The group of all commands: loads each when it is asked for, and prints every fault in one way."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's interface
        """The commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        loaded: click.Command = getattr(importlib.import_module(module), name)
        return loaded

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was called; for one that there is not, the names that come near."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as fault:
            raise click.exceptions.NoSuchCommand(fault.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a fault becomes one sentence on stderr and its exit code."""
        try:
            return super().invoke(ctx)
        except DevtelError as fault:
            fail(fault)
        except BrokenPipeError:
            raise  # who reads us has seen enough (`| head`): click ends without a word
        except OSError as fault:
            where = f"{fault.filename}: " if fault.filename else ""
            fail(DevtelError(f"{where}{fault.strerror or fault}.", "Nothing was lost; `devtel status` tells more."))


def fail(fault: DevtelError) -> NoReturn:
    """Say what is wrong and end with its exit code; a closed stderr hears nothing."""
    click.echo(f"devtel: {fault}", err=True)
    sys.exit(fault.exit_code)


def somebody_is_there() -> bool:
    """Whether a person may be reading: some standard stream is a terminal. Under cron none is."""
    return any(os.isatty(descriptor) for descriptor in (0, 1, 2))


def may_colour() -> bool:
    """Whether standard output is a terminal that shows colours, and its person wants them."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="devtel")
def command() -> None:
    """What your Makefile targets cost: measured with your consent, unnoticed by the build."""

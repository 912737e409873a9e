"""The list of commands. A command's module is imported when the command runs, so that help and `wrap` stay fast."""

import contextlib
import importlib
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from devtelemetry_cli.errors import DevtelError, of_file

# In the order in which a newcomer needs them; `wrap` is called by generated files, so it comes last.
SECTIONS: dict[str, dict[str, str]] = {
    "Your consent and your records": {
        "consent": "Read the notice; agree, record locally only, or decline.",
        "status": "Show what is recorded and sent here, and why.",
        "show": "Print exactly the bytes that are sent for a day.",
        "stats": "Show what your own builds cost, from your own records.",
        "profile": "Run make once, and show each target's own time.",
        "flush": "Send the report of each changed day.",
        "schedule": "Send daily: install, remove or show the schedule.",
        "token": "Store the token that the destination requires.",
        "doctor": "Check everything that devtel needs, with advice.",
        "purge": "Delete records from this machine.",
    },
    "Set up a repository": {
        "init": "Write the files that a repository commits.",
        "makefile": "Write the file through which a Makefile is measured.",
        "completion": "Print the completion script for a shell.",
    },
    "Operate a server": {
        "serve": "Run the report server and the team's pages.",
        "digest": "Print a week of the team's builds, for mail and chat.",
        "devlake": "Set up and monitor data collection in DevLake.",
    },
    "Called by generated files": {
        "wrap": "Run a target or a whole call, and record it.",
    },
}
COMMANDS = {name: help_text for commands in SECTIONS.values() for name, help_text in commands.items()}
_MODULES = {"devlake": "devlake.commands"}  # below devtelemetry_cli.cli; any other command: its own name
# Words that people try first, and the command they mean.
_OTHER_WORDS = {
    "agree": "consent grant",
    "opt-in": "consent grant",
    "opt-out": "consent decline",
    "optout": "consent decline",
    "disable": "consent decline",
    "uninstall": "schedule remove",
    "send": "flush",
    "upload": "flush",
    "report": "show",
    "check": "doctor",
}


class LazyGroup(click.Group):
    """The top-level group: imports a command when it is called, and prints every DevtelError in one way."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's interface
        """Every command, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"devtelemetry_cli.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands in their sections, without importing any."""
        width = max(len(name) for name in COMMANDS)
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, and the options; nothing is imported."""
        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was called. `help X` means `X --help`; an unknown word gets proposals."""
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        if args[0] in _OTHER_WORDS:
            raise click.UsageError(f"No such command '{args[0]}'. Did you mean `devtel {_OTHER_WORDS[args[0]]}`?", ctx)
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as fault:
            raise click.exceptions.NoSuchCommand(fault.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error becomes one sentence on stderr and its exit code."""
        _renew_start_file()
        try:
            return super().invoke(ctx)
        except DevtelError as fault:
            _fail(fault)
        except BrokenPipeError:
            raise  # the reader has closed the pipe (`| head`): click ends silently
        except OSError as fault:
            _fail(of_file(fault))


def _renew_start_file() -> None:
    """Make builds start this devtel: the one that they started before may be gone."""
    from devtelemetry_cli.cli import current  # noqa: PLC0415  completion waits for none of it
    from devtelemetry_cli.client import start_file  # noqa: PLC0415

    with contextlib.suppress(OSError):  # a read-only home is no error of the command
        context = current.context()
        start_file.refresh(context.state)


def _fail(fault: DevtelError) -> NoReturn:
    click.echo(f"devtel: {fault}", err=True)
    raise SystemExit(fault.exit_code)

"""`devtel token`: the key that an endpoint wants, from standard input, a file or a command; never from argv."""

import shlex
import subprocess
import sys
from pathlib import Path

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.client import atomic_files, tokens
from devtelemetry_cli.errors import ConfigurationError


@click.group()
def token() -> None:
    """Keep the token that the destination wants."""


@token.command("set", short_help="Keep a token for this destination.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Read the token from FILE.")
@click.option("--command", "command", help="Run COMMAND (a password manager, say) and take what it prints.")
def set_(file: Path | None, command: str | None) -> None:
    """Keep a token for this destination, from standard input unless told otherwise."""
    context = current.context()
    terms = current.terms(context)
    if terms is None:
        raise ConfigurationError("No report URL is set, so there is nobody to give a token to.")
    tokens.keep(context.config, terms.destination.key, _read(file, command))
    click.echo(f"The token for {terms.destination.host} is kept. It is sent to {terms.destination.url} only.")


@token.command()
def remove() -> None:
    """Forget the token of this destination."""
    context = current.context()
    terms = current.terms(context)
    if terms is not None:
        tokens.place(context.config, terms.destination.key).unlink(missing_ok=True)
    click.echo("No token is kept for this destination.")


def _read(file: Path | None, command: str | None) -> str:
    if file is not None and command is not None:
        raise click.UsageError("give --file or --command, not both.")
    if file is not None:
        return atomic_files.read(file).decode("utf-8", "replace")
    if command is not None:
        return _ask_command(command)
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True))
    return sys.stdin.read(tokens.MAX_LENGTH + 2)


def _ask_command(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  the person's own command, without a shell
            shlex.split(command), stdout=subprocess.PIPE, check=True, text=True, timeout=120
        )
    except (OSError, ValueError, subprocess.SubprocessError) as fault:
        raise ConfigurationError(f"The command gave no token: {fault}.", "Nothing was kept.") from None
    return done.stdout

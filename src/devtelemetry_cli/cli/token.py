"""`devtel token`: the token of a destination, from standard input, a file or a command; never from argv."""

import shlex
import subprocess
import sys
from pathlib import Path

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.client import atomic_files, tokens
from devtelemetry_cli.errors import ConfigurationError, reason


@click.group()
def token() -> None:
    """Save or remove the token of a destination."""


@token.command("set", short_help="Save the token of this destination.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Read the token from FILE.")
@click.option("--command", "command", help="Run COMMAND, such as a password manager, and read its output.")
def set_(file: Path | None, command: str | None) -> None:
    """Save the token of this destination, from standard input unless an option names another source."""
    context = current.context()
    terms = current.terms(context)
    if terms is None:
        raise ConfigurationError("No report URL is set, so there is no destination for a token.")
    tokens.keep(context.config, terms.destination.key, _read(file, command))
    click.echo(f"The token for {terms.destination.host} is saved. It is sent to {terms.destination.url} only.")


@token.command()
def remove() -> None:
    """Delete the token of this destination."""
    context = current.context()
    terms = current.terms(context)
    if terms is not None:
        tokens.remove(context.config, terms.destination.key)
    click.echo("No token is saved for this destination.")


def _read(file: Path | None, command: str | None) -> str:
    if file is not None and command is not None:
        raise click.UsageError("--file and --command exclude each other.")
    if file is not None:
        return tokens.decode(atomic_files.read(file), str(file))
    if command is not None:
        return tokens.decode(_run(command), "the output of the command")
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True))
    return tokens.decode(sys.stdin.buffer.read(atomic_files.MAX_BYTES), "standard input")


def _run(command: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  the user's own command, without a shell
            shlex.split(command), stdout=subprocess.PIPE, check=True, timeout=120
        )
    except (OSError, ValueError, subprocess.SubprocessError) as fault:
        raise ConfigurationError(f"The command printed no token: {reason(fault)}.", "Nothing was saved.") from None
    return done.stdout

"""The commands of `devtel`: options and output only, one file for each command. The work is done in `commands`."""

import os
import sys

import click

from devtelemetry_cli import __version__
from devtelemetry_cli.cli.group import LazyGroup
from devtelemetry_cli.client.consent import terminal


def main() -> None:
    """Run the command that the process' arguments name. A character that the locale's encoding lacks is replaced."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by the caller
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    command(prog_name="devtel")


def is_interactive() -> bool:
    """Whether a person may be reading: some standard stream is a terminal. Under cron none is."""
    return any(os.isatty(descriptor) for descriptor in (0, 1, 2))


def use_colour() -> bool:
    """Whether standard output is a terminal that shows colours, and NO_COLOR is not set."""
    return terminal.shows_colour(os.environ, 1)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="devtel")
def command() -> None:
    """Measure what your Makefile targets cost: only with your consent, and without affecting the build.

    Start with `devtel consent`; `devtel help COMMAND` explains a command.
    Pages such as docs/json.md are below share/doc/devtelemetry-cli of the installation.
    """

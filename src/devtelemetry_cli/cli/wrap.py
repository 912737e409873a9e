"""`devtel wrap` among click's commands; a run itself never comes this way (see entry.py)."""

import click

from devtelemetry_cli import wrap as hot
from devtelemetry_cli.cli import complete


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, shell_complete=complete.wrapped_targets)
def wrap(words: tuple[str, ...]) -> None:
    """Run a target's implementation (`make impl-TARGET`), record it, and end as make ends."""
    hot.main(list(words))

"""`devtel wrap` as click shows it among the commands; a run itself never comes this way (see __main__)."""

import click

from devtelemetry_cli import wrap as hot


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def wrap(words: tuple[str, ...]) -> None:
    """Run a target's implementation (`make impl-TARGET`) and end as it ends."""
    hot.main(list(words))

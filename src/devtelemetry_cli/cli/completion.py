"""`devtel completion`: the completion script for a shell."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    For bash, in ~/.bashrc: eval "$(devtel completion bash)". For zsh, in ~/.zshrc: eval "$(devtel completion zsh)".
    For fish: devtel completion fish > ~/.config/fish/completions/devtel.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, "the choice allows only shells that click knows"  # noqa: S101
    click.echo(kind(ctx.find_root().command, {}, "devtel", "_DEVTEL_COMPLETE").source())

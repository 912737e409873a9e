"""`devtel completion`: the completion script for a shell."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash, in ~/.bashrc:
        eval "$(devtel completion bash)"
    zsh, in ~/.zshrc; its completion system must be started first:
        autoload -Uz compinit && compinit
        eval "$(devtel completion zsh)"
    fish:
        devtel completion fish > ~/.config/fish/completions/devtel.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, "the choice allows only shells that click knows"  # noqa: S101
    click.echo(kind(ctx.find_root().command, {}, "devtel", "_DEVTEL_COMPLETE").source())

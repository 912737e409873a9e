"""`devtel wrap` as click shows it among the commands; a run itself never comes this way (see __main__)."""

import re
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from devtelemetry_cli import wrap as hot

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in make's own order
_IMPLEMENTATION = re.compile(r"^impl-([^\s:=#%$()]+)[^:=]*:(?!=)", re.MULTILINE)


def targets_here(folder: Path) -> list[str]:
    """The wrapped targets of the Makefile in a folder, as far as its text names them; make is not run for this."""
    for name in _MAKEFILES:
        try:
            return sorted(set(_IMPLEMENTATION.findall((folder / name).read_text(encoding="utf-8", errors="replace"))))
        except OSError:
            continue
    return []


def _complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in targets_here(Path()) if name.startswith(incomplete)]


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
    short_help="Run a target's implementation, and end as it ends.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, shell_complete=_complete)
def wrap(words: tuple[str, ...]) -> None:
    """Run a target's implementation (`make impl-TARGET`) and end as it ends."""
    hot.main(list(words))

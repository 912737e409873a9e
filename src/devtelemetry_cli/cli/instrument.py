"""`devtel instrument`: turn targets of a Makefile into the indirection, and back."""

import difflib
from pathlib import Path

import click

from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.instrument import files, rewriting, undoing
from devtelemetry_cli.instrument.knowledge import Refusal
from devtelemetry_cli.instrument.reading import UnreadableError


@click.command(short_help="Let targets of a Makefile hand over to devtel.")
@click.argument("targets", nargs=-1, metavar="TARGET...")
@click.option("--makefile", "named", type=click.Path(path_type=Path), help="Another Makefile than make would take.")
@click.option("--write", is_flag=True, help="Change the file; without this the difference is shown.")
@click.option("--undo", is_flag=True, help="Take the indirection out again: of the named targets, or of all.")
@click.option("--force-phony", is_flag=True, help="The named targets make no files, though nothing in it says so.")
def instrument(targets: tuple[str, ...], named: Path | None, write: bool, undo: bool, force_phony: bool) -> None:
    """Let TARGETs of a Makefile hand over to devtel, as far as they do the same as before.

    What cannot be done safely is named with its line and left. Ends with 1 where something was left.
    """
    if not targets and not undo:
        raise click.UsageError("name at least one target.")
    path = files.find(named)
    text = files.read(path)
    try:
        new, refused = _undone(text, targets) if undo else _instrumented(path, text, targets, force_phony)
    except UnreadableError as fault:
        raise DevtelError(f"{path}, line {fault.number}: {fault.why}.", "Nothing was changed.") from None
    except rewriting.UnknownTargetError as fault:
        raise click.UsageError(_unknown(path, text, fault)) from None
    for target, reason in refused.items():
        click.echo(
            f"devtel: {target} is left as it is: {reason.file or path}, line {reason.number}: {reason.why}.", err=True
        )
    if new != text:
        _show(path, text, new)
        _finish(path, new, write, undo)
    if refused:
        raise SystemExit(1)


def _instrumented(path: Path, text: str, targets: tuple[str, ...], force_phony: bool) -> tuple[str, dict[str, Refusal]]:
    others, unseen = files.read_with(path, text)
    outcome = rewriting.instrument(text, targets, others, force_phony)
    for target in outcome.already:
        click.echo(f"{target} hands over to devtel already.", err=True)
    for note in outcome.notes:
        click.echo(f"Note: {note}", err=True)
    if unseen and outcome.done:
        click.echo(f"Note: not looked into: {', '.join(unseen)} (not there, or no plain name).", err=True)
    if undoing.undo(outcome.text, outcome.done).text != text and not outcome.already:
        raise DevtelError(f"{path} would not come back byte for byte with --undo.", "Nothing was changed.")
    return outcome.text, outcome.refused


def _undone(text: str, targets: tuple[str, ...]) -> tuple[str, dict[str, Refusal]]:
    outcome = undoing.undo(text, targets)
    if outcome.text == text and not outcome.refused:
        click.echo("Nothing here was written by `devtel instrument`.", err=True)
    return outcome.text, outcome.refused


def _unknown(path: Path, text: str, fault: rewriting.UnknownTargetError) -> str:
    """What to do instead: the file that has the target, or the name that was meant."""
    said = f"{path} has no rule for {fault.target}."
    if holder := files.holder(path, text, fault.target):
        return f"{said} {holder} has: say --makefile {holder}."
    return f"{said} Did you mean {' or '.join(fault.close)}?" if fault.close else said


def _show(path: Path, text: str, new: str) -> None:
    """The difference, in a form that `patch` takes."""
    before, after = (part.splitlines(keepends=True) for part in (text.replace("\r\n", "\n"), new.replace("\r\n", "\n")))
    for line in difflib.unified_diff(before, after, str(path), str(path)):
        click.echo(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False)


def _finish(path: Path, new: str, write: bool, undo: bool) -> None:
    if not write:
        click.echo("Nothing is changed yet; add --write.", err=True)
        return
    fragment = Path(path.parent, rewriting.INCLUDED)
    if not undo and not fragment.exists() and not Path(rewriting.INCLUDED).exists():
        raise DevtelError(f"{fragment} is missing, which the Makefile would include.", "`devtel init` writes it.")
    files.write(path, new)
    click.echo(f"Wrote {path}.", err=True)

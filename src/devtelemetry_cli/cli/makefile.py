"""`devtel makefile`: write the file through which a Makefile is measured."""

from pathlib import Path

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.commands import repository_files
from devtelemetry_cli.commands.makefile import every_target, templates
from devtelemetry_cli.errors import DevtelError


@click.command()
@click.option(
    "--every-target", "every", is_flag=True, help="Write GNUmakefile: whole calls, the Makefile stays as it is."
)
@click.option("--private", is_flag=True, help="With --every-target: hide the file from git in this clone.")
@click.option(
    "--output", type=click.Path(path_type=Path, allow_dash=True),
    help="The file to write (default: devtel.mk); - for standard output.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that devtel did not write.")
def makefile(every: bool, private: bool, output: Path | None, force: bool) -> None:
    """Write devtel.mk, which a Makefile includes, or GNUmakefile, which measures every target.

    Both belong into the repository. Without a developer's agreement they do nothing.
    """
    terms = current.terms(current.context())
    destination = terms.destination if terms else None
    if private and not every:
        raise click.UsageError("--private belongs to --every-target.")
    if str(output) == "-":
        click.echo(templates.render(templates.EVERY_TARGET if every else templates.FRAGMENT, destination), nl=False)
    elif every:
        if output or force:
            raise click.UsageError("--every-target writes GNUmakefile beside the Makefile, never over another one.")
        _every_target(destination, private)
    else:
        _fragment(output or Path(templates.FRAGMENT), destination, force)


def _every_target(destination: Destination | None, private: bool) -> None:
    path = every_target.check(Path.cwd())
    if private:
        hidden = every_target.exclude(path)
        every_target.write(path.parent, destination)
        click.echo(f"Wrote {path.name}, and listed it in {hidden}. `devtel consent local` records for you alone.")
    else:
        every_target.write(path.parent, destination)
        click.echo(f"Wrote {path.name}. Commit it; deleting it undoes everything.")


def _fragment(output: Path, destination: Destination | None, force: bool) -> None:
    existing = repository_files.read(output)
    if not force and existing is not None and not templates.is_ours(templates.FRAGMENT, existing):
        raise DevtelError(f"{output} was not written by devtel.", "Use another --output, or --force.")
    repository_files.write(output, templates.render(templates.FRAGMENT, destination))
    click.echo(f"Wrote {output}. In the Makefile: `DEVTEL_TARGETS := TARGETS`, then `include {output}`.")

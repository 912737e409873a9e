"""`devtel makefile`: write the fragment that a Makefile includes."""

from pathlib import Path

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.commands.makefile import templates
from devtelemetry_cli.errors import DevtelError


@click.command(short_help="Write devtel.mk, which a Makefile includes.")
@click.option(
    "--output", type=click.Path(path_type=Path, allow_dash=True), default=templates.FRAGMENT, show_default=True,
    help="Where to write it; - for standard output.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write over a file that devtel did not write.")
def makefile(output: Path, force: bool) -> None:
    """Write devtel.mk, which a Makefile includes and a repository commits."""
    terms = current.terms(current.context())
    text = templates.render(templates.FRAGMENT, terms.destination if terms else None)
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    if (
        not force
        and output.exists()
        and not templates.is_ours(templates.FRAGMENT, output.read_text(encoding="utf-8", errors="replace"))
    ):
        raise DevtelError(f"{output} exists and is not devtel's.", "Name another file with --output, or say --force.")
    output.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {output}. In the Makefile: `DEVTEL_TARGETS := TARGETS`, then `include {output}`.")

"""`devtel digest`: the week in short, for mail and chat."""

import json
import os
from datetime import datetime

import click

from devtelemetry_cli.client import server_access, tokens
from devtelemetry_cli.commands.digest import render
from devtelemetry_cli.commands.digest.fetch import fetch
from devtelemetry_cli.commands.digest.lines import has_changes, lines, title

ADVICE = "Give --url or set DEVTEL_PUBLIC_URL."


@click.command()
@click.option("--url", default="", metavar="URL", help="Address of `devtel serve`; else DEVTEL_PUBLIC_URL.")
@click.option("--token-file", default="", metavar="FILE", help="File with the view token; else DEVTEL_VIEW_TOKEN_FILE.")
@click.option(
    "--week", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="A day of the week; default: the last whole week."
)
@click.option("--project", help="Only this project.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(render.FORMATS)),
    default="text",
    show_default=True,
    help="Form of the output.",
)
@click.option("--only-changes", is_flag=True, help="Print nothing if no target became slower, more fragile or better.")
@click.option("--json", "as_json", is_flag=True, help="Print the server's JSON object (docs/json.md).")
def digest(  # noqa: PLR0913, PLR0917 - click passes every option
    url: str,
    token_file: str,
    week: datetime | None,
    project: str | None,
    form: str,
    only_changes: bool,
    as_json: bool,
) -> None:
    """Print a week of the team's builds in 15 lines: what became slower, more fragile or better.

    The figures are those of the pages of `devtel serve`: nothing is about fewer developers than its operator has set.
    """
    address = server_access.check_url(
        url or os.environ.get("DEVTEL_PUBLIC_URL", ""), "The address of `devtel serve`", ADVICE
    )
    found, answered = fetch(address, _token(token_file), week and week.date(), project)
    if only_changes and not has_changes(found):
        return
    if as_json:
        click.echo(json.dumps(answered, indent=2))
    else:
        click.echo(render.FORMATS[form](title(found), lines(found, address)), nl=False)


def _token(file: str) -> str:
    """The view token, "" for none. It comes from a file or the environment, never from the command line."""
    named = file or os.environ.get("DEVTEL_VIEW_TOKEN_FILE", "")
    if named:
        return server_access.read_key(named)
    given = os.environ.get("DEVTEL_VIEW_TOKEN", "")
    return tokens.check(given, "DEVTEL_VIEW_TOKEN") if given else ""

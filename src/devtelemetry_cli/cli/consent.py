"""`devtel consent`: show the notice, ask, and carry an answer out."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from devtelemetry_cli import verdict
from devtelemetry_cli.cli import place as places
from devtelemetry_cli.consent import decide, judge, notice, question
from devtelemetry_cli.destination import NOWHERE
from devtelemetry_cli.errors import ConfigurationError, DevtelError
from devtelemetry_cli.place import Place

_NO_URL = ConfigurationError(
    "No report URL is set, so there is nobody to agree with.",
    "Set report_url in .devtel.toml, or DEVTEL_REPORT_URL; `devtel consent local` records for yourself.",
)


@click.group(invoke_without_command=True)
@click.pass_context
def consent(ctx: click.Context) -> None:
    """Agree, record for yourself only, or decline: shows the notice and asks."""
    if ctx.invoked_subcommand is None:
        _ask()


@consent.command()
def grant() -> None:
    """Agree to the notice that `devtel consent show` prints."""
    place = places.here()
    terms = places.terms(place)
    if terms is None:
        raise _NO_URL
    if terms.destination.is_plain_http_elsewhere:
        host = terms.destination.host
        click.echo(f"devtel: warning: plain http to {host}: anyone on the way can read the reports.", err=True)
    with _kept(place):
        decision = decide.grant(places.keeping(place), terms, time.time())
    click.echo(f"Agreed: one report a day goes to {terms.destination.url} under the ID {decision.anonymous_id}.")


@consent.command()
def local() -> None:
    """Record for yourself only; nothing is ever sent."""
    place = places.here()
    terms = places.terms(place)
    with _kept(place):
        decide.local(places.keeping(place), terms, time.time())
    click.echo("Recorded for yourself only; nothing is sent.")


@consent.command()
def decline() -> None:
    """Record nothing, and erase everything of this destination."""
    place = places.here()
    terms = places.terms(place)
    key, url = (terms.destination.key, terms.destination.url) if terms else (NOWHERE, "")
    with _kept(place):
        queued = decide.decline(places.keeping(place), key, url, time.time())
    click.echo("Declined: nothing is recorded, and every record of this destination on this machine is deleted.")
    if queued:
        click.echo("What was sent is to be erased by the endpoint: `devtel flush` asks it now, or the next one does.")


@consent.command()
def show() -> None:
    """Print what was decided here, and the notice."""
    place = places.here()
    answer = judge.judge(place.environ, place.config, place.project, time.time())
    click.echo(f"{answer.state}: {answer.rule}")
    if answer.state == verdict.OFF:
        return
    terms = places.terms(place)
    if terms is not None:
        click.echo("\n" + notice.full(terms), nl=False)


def _ask() -> None:
    place = places.here()
    terms = places.terms(place)
    if terms is None:
        raise _NO_URL
    if not (os.isatty(0) and os.isatty(2)):
        raise click.UsageError(
            "nobody can be asked without a terminal: say `devtel consent grant`, `local` or `decline`."
        )
    with _kept(place):
        question.settle(places.keeping(place), terms, question.introduction(place, terms, notice.full(terms)))


@contextmanager
def _kept(place: Place) -> Iterator[None]:
    """Say in one sentence why a decision could not be kept."""
    try:
        yield
    except OSError as fault:
        raise DevtelError(
            f"The decision cannot be kept in {fault.filename or place.config}: {fault.strerror or fault}.",
            "What stood before still stands. Mend that, and say it again.",
        ) from None

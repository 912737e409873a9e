"""`devtel consent`: show the notice, ask, and carry an answer out."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from devtelemetry_cli.cli import current
from devtelemetry_cli.client import consent_cache, settings
from devtelemetry_cli.client.consent import decide, decisions, judge, notice, prompt, question
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import NOWHERE
from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.errors import ConfigurationError, DevtelError

_NO_URL = ConfigurationError(
    "No report URL is set, so there is nobody to agree with.",
    "Set report_url in .devtel.toml, or DEVTEL_REPORT_URL; `devtel consent local` records for yourself.",
)


@click.group(invoke_without_command=True, short_help="Read what is asked, and agree, keep it to yourself or decline.")
@click.pass_context
def consent(ctx: click.Context) -> None:
    """Agree, record for yourself only, or decline: shows the notice and asks."""
    if ctx.invoked_subcommand is None:
        _ask()


@consent.command()
def grant() -> None:
    """Agree to the notice that `devtel consent show` prints."""
    context = current.context()
    terms = current.terms(context)
    if terms is None:
        raise _NO_URL
    if terms.destination.is_plain_http_elsewhere:
        host = terms.destination.host
        click.echo(f"devtel: warning: plain http to {host}: anyone on the way can read the reports.", err=True)
    with _kept(context):
        decision = decide.grant(context.state, terms, time.time())
    click.echo(f"Agreed: one report a day goes to {terms.destination.url} under the ID {decision.anonymous_id}.")
    _offer_schedule(context)


@consent.command()
def local() -> None:
    """Record for yourself only; nothing is ever sent."""
    context = current.context()
    terms = current.terms(context)
    with _kept(context):
        decide.local(context.state, terms, time.time())
    click.echo("Recorded for yourself only; nothing is sent.")


@consent.command()
@click.option(
    "--all", "everywhere", is_flag=True, help="Every destination that you ever decided about, not only this one."
)
def decline(everywhere: bool) -> None:
    """Record nothing, and erase everything of this destination."""
    context = current.context()
    targets = _all_destinations(context) if everywhere else [_destination(context)]
    with _kept(context):
        queued = [decide.decline(context.state, key, url, time.time()) for key, url in targets]
    what = "every destination" if everywhere else "this destination"
    click.echo(f"Declined: nothing is recorded, and every record of {what} on this machine is deleted.")
    _tell_erasure(any(queued))


@consent.command(short_help="Erase what was so far, and go on under a new ID.")
def forget() -> None:
    """Erase what was recorded and sent so far; your decision stays, under a new ID."""
    context = current.context()
    key, _ = _destination(context)
    with _kept(context):
        queued = decide.forget(context.state, key)
    click.echo("Forgotten: every record of this destination on this machine is deleted; your decision stays.")
    _tell_erasure(queued)


@consent.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object (docs/json.md).")
def list_(as_json: bool) -> None:
    """Every destination that you decided about."""
    context = current.context()
    known = decisions.decisions(settings.read_user(context.config)).values()
    if as_json:
        click.echo(json.dumps({"decisions": [_values(decision) for decision in known]}, indent=2))
    for decision in () if as_json else known:
        until = f", until {decision.until:%Y-%m-%d}" if decision.state == consent_cache.GRANTED else ""
        click.echo(f"{decision.state:9} {decision.url or '(no destination)'}  since {decision.decided:%Y-%m-%d}{until}")
    if not known and not as_json:
        click.echo("devtel: nothing was decided yet.", err=True)


@consent.command()
def show() -> None:
    """Print what was decided here, and the notice."""
    context = current.context()
    answer = judge.judge(context.environ, context.config, context.project, time.time())
    click.echo(judge.describe(answer.state, answer.rule))
    if answer.state == consent_cache.OFF:
        return
    terms = current.terms(context)
    if terms is None:
        return
    decision = decisions.find(context.config, terms.destination.key)
    if answer.state == consent_cache.GRANTED and answer.ask and decision is not None:
        click.echo(
            "\nWhat you agreed to has changed since; `devtel consent` asks again, until then the old terms hold:"
        )
        for sentence in judge.differences(terms, decision):
            click.echo(f"  - {sentence}")
    click.echo("\n" + notice.full(terms), nl=False)


def _values(decision: decisions.Decision) -> dict[str, str | None]:
    """The stable shape of one decision: docs/json.md."""
    granted = decision.state == consent_cache.GRANTED
    return {
        "state": decision.state,
        "destination": decision.url or None,
        "decided": _moment(decision.decided),
        "until": _moment(decision.until) if granted else None,
        "anonymous_id": decision.anonymous_id or None,
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="seconds")


def _destination(context: Context) -> tuple[str, str]:
    """Key and URL of the destination here."""
    terms = current.terms(context)
    return (terms.destination.key, terms.destination.url) if terms else (NOWHERE, "")


def _all_destinations(context: Context) -> list[tuple[str, str]]:
    return [(decision.key, decision.url) for decision in decisions.decisions(decisions.read(context.config)).values()]


def _tell_erasure(queued: bool) -> None:
    if queued:
        click.echo("What was sent is to be erased by the endpoint: `devtel flush` asks it now, or the next one does.")


def _ask() -> None:
    context = current.context()
    terms = current.terms(context)
    if terms is None:
        raise _NO_URL
    if not (os.isatty(0) and os.isatty(2)):
        raise click.UsageError(
            "nobody can be asked without a terminal: say `devtel consent grant`, `local` or `decline`."
        )
    with _kept(context):
        answer = question.ask_and_apply(context.state, terms, question.introduction(context, terms, notice.full(terms)))
    if answer == prompt.YES:
        _offer_schedule(context)


def _offer_schedule(context: Context) -> None:
    if not backends.is_in_place(context.environ):
        click.echo("devtel: nothing sends it by itself yet: `devtel schedule install` does, once a day.", err=True)


@contextmanager
def _kept(context: Context) -> Iterator[None]:
    """Say in one sentence why a decision could not be kept."""
    try:
        yield
    except OSError as fault:
        raise DevtelError(
            f"The decision cannot be kept in {fault.filename or context.config}: {fault.strerror or fault}.",
            "What stood before still stands. Mend that, and say it again.",
        ) from None

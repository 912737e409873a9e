"""`devtel consent`: show the notice, ask, and apply the answer."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from devtelemetry_cli import consent as deciding
from devtelemetry_cli.cli import current
from devtelemetry_cli.client import consent_cache, settings
from devtelemetry_cli.client.consent import decisions, notice, prompt, question, terminal
from devtelemetry_cli.client.consent import terms as consent_terms
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import NOWHERE, Destination
from devtelemetry_cli.errors import ConfigurationError, DevtelError, reason

_NO_URL = ConfigurationError(
    "No report URL is set, so there is nothing to agree to.",
    "Set report_url in .devtel.toml, or DEVTEL_REPORT_URL; `devtel consent local` records locally only.",
)


@click.group(invoke_without_command=True)
@click.pass_context
def consent(ctx: click.Context) -> None:
    """Show the notice and ask: agree, record locally only, or decline."""
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
        click.echo(f"devtel: warning: reports go to {host} over plain http: the network can read them.", err=True)
    with _storing(context):
        decision = deciding.grant(context.state, terms, time.time())
    click.echo(f"Agreed: one report a day goes to {terms.destination.url} under the ID {decision.anonymous_id}.")
    _set_up(context, terms.destination, ask=_is_terminal())


@consent.command(short_help="Store the token and install the schedule, where missing.")
def setup() -> None:
    """Store the token and install the daily schedule, as far as they are missing."""
    context = current.context()
    terms = current.terms(context)
    decision = decisions.find(context.config, terms.destination.key) if terms else None
    if terms is None or decision is None or decision.state != consent_cache.GRANTED:
        raise DevtelError("There is no consent to send reports here.", "`devtel consent` asks for it.")
    _set_up(context, terms.destination, ask=_is_terminal())
    prompt.tell("`devtel status` shows the result.")


@consent.command()
def local() -> None:
    """Record locally only, for yourself; nothing is ever sent."""
    context = current.context()
    terms = current.terms(context)
    with _storing(context):
        deciding.local(context.state, terms, time.time(), context.every_target)
    click.echo("Runs are recorded locally only, for yourself; nothing is sent.")


@consent.command()
@click.option("--all", "everywhere", is_flag=True, help="Every destination with a decision, not only the one here.")
def decline(everywhere: bool) -> None:
    """Record nothing, and erase everything of this destination."""
    context = current.context()
    destinations = _all_destinations(context) if everywhere else [_destination(context)]
    with _storing(context):
        declined = [deciding.decline(context.state, key, url, time.time()) for key, url in destinations]
    left = sorted({path for one in declined for path in one.left})
    if left:
        paths = " ".join(f"'{path}'" for path in left)
        raise DevtelError(
            f"Declined: nothing is recorded. Not deleted or changed: {paths}.",
            f"Delete it, if need be as root: sudo rm -rf {paths}. Then run the command again.",
        )
    scope = "every destination" if everywhere else "this destination"
    click.echo(f"Declined: nothing is recorded, and every record of {scope} on this machine is deleted.")
    _print_erasure(any(one.queued for one in declined))


@consent.command(short_help="Erase all records so far; a new ID is used from now on.")
def forget() -> None:
    """Erase all records and reports so far. Your decision stays; a new ID is used from now on."""
    context = current.context()
    with _storing(context):
        queued = deciding.forget(context.state, *_destination(context))
    click.echo("Erased: every record of this destination on this machine is deleted; any decision about it stays.")
    _print_erasure(queued)


@consent.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/json.md).")
def list_(as_json: bool) -> None:
    """List every destination with a decision."""
    context = current.context()
    known = decisions.decisions(settings.read_user(context.config)).values()
    if as_json:
        click.echo(json.dumps({"decisions": [_values(decision) for decision in known]}, indent=2))
    for decision in () if as_json else known:
        until = f", until {decision.until:%Y-%m-%d}" if decision.state == consent_cache.GRANTED else ""
        click.echo(f"{decision.state:9} {decision.url or '(no destination)'}  since {decision.decided:%Y-%m-%d}{until}")
    if not known and not as_json:
        click.echo("devtel: there is no consent decision yet.", err=True)


@consent.command()
def show() -> None:
    """Print the decision for this folder, and the notice."""
    context = current.context()
    found = deciding.judge(context, time.time())
    click.echo(deciding.describe(found.state, found.rule))
    if found.state == consent_cache.OFF:
        return
    terms = current.terms(context)
    if terms is None:
        return
    decision = decisions.find(context.config, terms.destination.key)
    if found.state == consent_cache.GRANTED and found.ask and decision is not None:
        click.echo(
            "\nThe terms have changed since you agreed; `devtel consent` asks again. Until then the old terms apply:"
        )
        for sentence in consent_terms.differences(terms, decision):
            click.echo(f"  - {sentence}")
    click.echo("\n" + notice.full(terms, terminal.width(1)), nl=False)


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


def _print_erasure(queued: bool) -> None:
    if queued:
        click.echo("The next `devtel flush` asks the endpoint to erase what was sent; run it now to do so at once.")


def _ask() -> None:
    context = current.context()
    terms = current.terms(context)
    if terms is None:
        raise _NO_URL
    if not _is_terminal():
        raise click.UsageError("asking needs a terminal. Use `devtel consent grant`, `local` or `decline`.")
    with _storing(context):
        answer = deciding.apply(context.state, terms, question.put(context.config, terms, notice.full))
    if answer == prompt.YES:
        _set_up(context, terms.destination, ask=True)


def _is_terminal() -> bool:
    return os.isatty(0) and os.isatty(2)


def _set_up(context: Context, destination: Destination, *, ask: bool) -> None:
    from devtelemetry_cli.cli import delivery_setup  # noqa: PLC0415  the schedulers: only an agreement needs them

    delivery_setup.set_up(context, destination, ask=ask)


@contextmanager
def _storing(context: Context) -> Iterator[None]:
    """Turn an OSError into one sentence."""
    try:
        yield
    except OSError as fault:
        raise DevtelError(
            f"The decision cannot be stored in {fault.filename or context.config}: {reason(fault)}.",
            "The previous decision is still in force. Fix this and run the command again.",
        ) from None

"""Checks of the consent here, and of pending erasures."""

from collections.abc import Iterator

from devtelemetry_cli import consent
from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.errors import reason

_SOON = 30 * 86400  # seconds


def state(env: Environment) -> Iterator[Finding]:
    """The consent decision, changed terms, and its end."""
    context = env.context
    answer = consent.judge(context, env.now)
    advice = {
        consent_cache.UNDECIDED: "Nothing is recorded. `devtel consent` asks for a decision."
        if env.terms
        else "Nothing is recorded. `devtel consent local` records locally only.",
        consent_cache.OFF: "Nothing is recorded until this changes.",
    }.get(answer.state, "")
    sentence = consent.describe(answer.state, answer.rule)
    yield Finding("note" if advice else "ok", sentence, advice, {"state": answer.state})
    if answer.state != consent_cache.GRANTED:
        return
    if answer.ask:
        yield note("The terms have changed since you agreed.", "`devtel consent` shows the difference and asks again.")
    if answer.until - env.now < _SOON:
        yield note("Your consent expires within 30 days.", "`devtel consent` renews it.", until=answer.until)
    if env.terms is not None and env.terms.destination.is_plain_http_elsewhere:
        host = env.terms.destination.host
        yield note(f"Reports go to {host} over plain http: the network can read them.", "Ask its operator for https.")


def pending_erasures(env: Environment) -> Iterator[Finding]:
    """Erasures that an endpoint has not confirmed."""
    try:
        pending = erasures.pending(env.context.state)
    except OSError as fault:
        yield problem(
            f"The list of pending erasures cannot be read: {reason(fault)}.",
            "Ask the operators to erase the IDs in it; then delete it.",
        )
        return
    for one in pending:
        yield problem(
            f"The reports of the ID {one.anonymous_id} are not erased yet at {one.url}.",
            "`devtel flush --verbose` asks again, and prints a contact where the endpoint cannot erase.",
        )
    if not pending:
        yield ok("no pending erasures")

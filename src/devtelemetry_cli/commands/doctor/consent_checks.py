"""Consent here, and the erasures that endpoints owe."""

from collections.abc import Iterator

from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.consent import judge
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem

_SOON = 30 * 86400  # seconds


def consent(env: Environment) -> Iterator[Finding]:
    """What was decided here, whether it still covers what is asked, and when it ends."""
    context = env.context
    answer = judge.judge(context.environ, context.config, context.project, env.now)
    advice = {
        consent_cache.UNDECIDED: "Nothing is recorded. `devtel consent` asks."
        if env.terms
        else "Nothing is recorded. `devtel consent local` records for yourself.",
        consent_cache.OFF: "Nothing is recorded while that is so.",
    }.get(answer.state, "")
    words = judge.describe(answer.state, answer.rule)
    yield Finding("note" if advice else "ok", words, advice, {"state": answer.state})
    if answer.state != consent_cache.GRANTED:
        return
    if answer.ask:
        yield note("What you agreed to has changed since.", "`devtel consent` shows how, and asks again.")
    if answer.until - env.now < _SOON:
        yield note("The agreement ends within 30 days.", "`devtel consent` asks again.", until=answer.until)
    if env.terms is not None and env.terms.destination.is_plain_http_elsewhere:
        host = env.terms.destination.host
        yield note(f"Reports go to {host} in plain http: anyone on the way can read them.", "Ask it to offer https.")


def owed(env: Environment) -> Iterator[Finding]:
    """What endpoints are still to erase."""
    try:
        pending = erasures.pending(env.context.state)
    except OSError as fault:
        yield problem(
            f"The list of what is still to be erased cannot be read: {fault.strerror or fault}.",
            "Look into it for the IDs and ask the operators; then remove it.",
        )
        return
    for one in pending:
        yield problem(
            f"The ID {one.anonymous_id} is not erased yet at {one.url}.",
            "`devtel flush --verbose` asks again, and tells whom to ask where the endpoint cannot.",
        )
    if not pending:
        yield ok("nothing is left to be erased")

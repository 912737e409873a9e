"""The steps between consent and the first report: a token, where the endpoint requires one, and a schedule."""

from dataclasses import dataclass

from devtelemetry_cli.client import tokens
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.commands import probe
from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule.job import Job

_SECONDS = 5.0


def needs_token(context: Context, destination: Destination) -> bool:
    """Whether the endpoint requires a token and none is stored: one empty report, which stores nothing.

    For a destination with consent only. False where the endpoint does not answer within 5 s. Raises
    ConfigurationError.
    """
    known = [one.url for one in decisions.decisions(decisions.read(context.config)).values()]
    if tokens.find(context.config, context.environ, destination.key, destination.url, known):
        return False
    return probe.accepts_reports(destination.url, "", _SECONDS) is False


@dataclass(frozen=True)
class Proposal:
    """A schedule to offer; `when` is its time in words."""

    scheduler: str
    when: str
    job: Job


def proposed_schedule(context: Context, started_as: str) -> Proposal | None:
    """The schedule to offer; None where one is installed. Raises DevtelError."""
    if backends.is_installed(context.environ):
        return None
    job = jobs.flush(context.environ, started_as)
    return Proposal(*backends.propose(context.environ, job), job)

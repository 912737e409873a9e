"""Checks of the clock: against the records, and against the endpoint."""

from collections.abc import Iterator
from datetime import timedelta

from devtelemetry_cli.client.journal import reader
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, ok, problem

_ADVICE = "Set the clock of this machine, or its time zone (timedatectl)."
_SKEW = 300.0  # seconds: less hardly puts a run on the wrong day


def journals(env: Environment) -> Iterator[Finding]:
    """Journals dated in the future."""
    tomorrow = (env.today + timedelta(days=1)).isoformat()
    folders = env.state.glob("journal/*/*")
    ahead = sorted({day for folder in folders if folder.is_dir() for day in reader.days(folder) if day > tomorrow})
    if ahead:
        yield problem(
            f"There are records dated in the future: {', '.join(ahead[:5])}.",
            f"The clock was ahead, or is behind now. The records are sent on their date. {_ADVICE}",
            count=len(ahead),
        )
    else:
        yield ok("no records dated in the future")


def endpoint(env: Environment) -> Iterator[Finding]:
    """The difference between the local clock and the endpoint's."""
    for url in env.addresses:
        skew = env.connection(url).skew
        if skew is None:
            continue
        if abs(skew) > _SKEW:
            direction = "ahead of" if skew > 0 else "behind"
            host = env.label(url)
            yield problem(f"The local clock is {_span(skew)} {direction} that of {host}.", _ADVICE, skew=round(skew))
        else:
            yield ok(f"the local clock agrees with that of {env.label(url)}", skew=round(skew))


def _span(seconds: float) -> str:
    minutes = abs(seconds) / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"

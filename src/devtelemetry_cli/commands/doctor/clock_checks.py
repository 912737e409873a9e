"""Whether the clock agrees with the records, and with the endpoint."""

from collections.abc import Iterator
from datetime import timedelta

from devtelemetry_cli.client.journal import reader
from devtelemetry_cli.commands.doctor import probe
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, ok, problem

_ADVICE = "Set the clock of this machine (timedatectl, or its time zone)."
_SKEW = 300.0  # seconds: less puts hardly any run on the wrong day


def journals(env: Environment) -> Iterator[Finding]:
    """Days that have not come yet."""
    tomorrow = (env.today + timedelta(days=1)).isoformat()
    folders = env.state.glob("journal/*/*")
    ahead = sorted({day for folder in folders if folder.is_dir() for day in reader.days(folder) if day > tomorrow})
    if ahead:
        yield problem(
            f"There are journals of days that have not come: {', '.join(ahead[:5])}.",
            f"The clock was ahead then, or is behind now. They wait until their day. {_ADVICE}",
            count=len(ahead),
        )
    else:
        yield ok("no journal is of a day that has not come")


def endpoint(env: Environment) -> Iterator[Finding]:
    """How far our clock is from the endpoint's."""
    for url in probe.addresses(env):
        skew = probe.connection(env, url).skew
        if skew is None:
            continue
        if abs(skew) > _SKEW:
            direction = "ahead of" if skew > 0 else "behind"
            host = probe.host(url)
            yield problem(f"Our clock is {_span(skew)} {direction} that of {host}.", _ADVICE, skew=round(skew))
        else:
            yield ok(f"our clock agrees with that of {probe.host(url)}", skew=round(skew))


def _span(seconds: float) -> str:
    minutes = abs(seconds) / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"

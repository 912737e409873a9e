"""Every day at a local time, right across clock changes: a time that does not exist or exists twice comes once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from devtelemetry_cli.devlake.api.retry import Clock
from devtelemetry_cli.errors import ConfigurationError

LONGEST_NAP = 30.0  # seconds; a machine that slept, or a clock that was set, is noticed after so long


def zone(name: str) -> ZoneInfo:
    """A time zone by its name. Raises ConfigurationError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"There is no time zone {name!r} on this machine.", "Names are like Europe/Berlin; pip install tzdata."
        ) from None


def daily_time(text: str) -> time:
    """A time of day such as 18:00. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit() and len(minutes) == 2):
        raise ValueError(f"{text!r} is no time of day like 18:00")
    return time(int(hours), int(minutes))


def next_occurrence(after: datetime, at: time, where: ZoneInfo) -> datetime:
    """The first moment after `after` at which a clock in that zone shows `at`, in UTC.

    A time that the clock skips comes as much later as it skips; of one that it shows twice, the first counts.
    """
    day = after.astimezone(where).date()
    while True:
        moment = _on(day, at, where)
        if moment > after.astimezone(UTC):
            return moment
        day += timedelta(days=1)


def _on(day: date, at: time, where: ZoneInfo) -> datetime:
    # Within one zone Python compares clock faces; only in UTC are these moments in their order.
    return datetime.combine(day, at.replace(fold=0), where).astimezone(UTC)


def wait_until(moment: datetime, clock: Clock) -> None:
    """Wait until that moment by the wall clock, in naps."""
    while (left := moment.timestamp() - clock.now()) > 0:
        clock.wait(min(LONGEST_NAP, left))


def every_day(
    work: Callable[[], None], tell: Callable[[datetime], None], at: time, where: ZoneInfo, clock: Clock
) -> None:
    """Do `work` each day, for ever. An occurrence that comes while the work still goes on is left out."""
    done = datetime.fromtimestamp(0, UTC)
    while True:
        now = datetime.fromtimestamp(clock.now(), UTC)
        was_set_back = now < done < now + timedelta(days=1)  # by a little: that day has had its work
        moment = next_occurrence(done if was_set_back else now, at, where)
        tell(moment)
        wait_until(moment, clock)
        work()
        done = moment

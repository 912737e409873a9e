"""A daily local time across clock changes: a skipped or repeated time occurs once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from devtelemetry_cli.devlake.api.retry import Clock
from devtelemetry_cli.errors import ConfigurationError

LONGEST_NAP = 30.0  # seconds until a suspended machine or a changed clock is noticed


def zone(name: str) -> ZoneInfo:
    """A time zone by its name. Raises ConfigurationError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"This machine has no time zone '{name}'.", "Names are like Europe/Berlin; the package tzdata has them all."
        ) from None


def daily_time(text: str) -> time:
    """A time of day such as 18:00. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit() and len(minutes) == 2):
        raise ValueError(f"'{text}' is not a time of day like 18:00")
    return time(int(hours), int(minutes))


def next_occurrence(after: datetime, at: time, where: ZoneInfo) -> datetime:
    """The first moment after `after` at which clocks in that zone show `at`, in UTC.

    A skipped time moves by the skipped amount; of a repeated time, the first counts.
    """
    day = after.astimezone(where).date()
    while True:
        moment = _on(day, at, where)
        if moment > after.astimezone(UTC):
            return moment
        day += timedelta(days=1)


def wait_until(moment: datetime, clock: Clock) -> None:
    """Wait until that wall-clock time, in naps."""
    while (left := moment.timestamp() - clock.now()) > 0:
        clock.wait(min(LONGEST_NAP, left))


def every_day(
    work: Callable[[], None], announce: Callable[[datetime], None], at: time, where: ZoneInfo, clock: Clock
) -> None:
    """Call `work` each day, for ever. An occurrence during the work is skipped."""
    done = datetime.fromtimestamp(0, UTC)
    while True:
        now = datetime.fromtimestamp(clock.now(), UTC)
        was_set_back = now < done < now + timedelta(days=1)  # by a little: today's work is done
        moment = next_occurrence(done if was_set_back else now, at, where)
        announce(moment)
        wait_until(moment, clock)
        work()
        done = moment


def _on(day: date, at: time, where: ZoneInfo) -> datetime:
    # Within one zone Python compares local times; only in UTC are these moments in their order.
    return datetime.combine(day, at.replace(fold=0), where).astimezone(UTC)

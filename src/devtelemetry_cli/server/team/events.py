"""Events beside published cells: whole weeks before and after each, for one target. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.server.db.events import Event
from devtelemetry_cli.server.team.cells import Cell, monday
from devtelemetry_cli.server.team.comparison import WEEKS_BEFORE, Effect, effect, split

Span = tuple[date, date]  # the Mondays of the first and the last week


@dataclass(frozen=True)
class EventEffect:
    """A target before and after an event. `effect` is None where a side has too few runs.

    `has_after`: a whole week after the event is over.
    """

    event: Event
    effect: Effect | None
    has_after: bool


def before(day: date) -> Span:
    """The four whole weeks before a day's week."""
    return monday(day) - timedelta(weeks=WEEKS_BEFORE), monday(day) - timedelta(weeks=1)


def after(day: date, today: date) -> Span:
    """The whole weeks from a day on, at most four, that are over; the last is before the first if there is none."""
    first = monday(day + timedelta(days=6))
    return first, min(first + timedelta(weeks=WEEKS_BEFORE - 1), monday(today) - timedelta(weeks=1))


def needed(events: Sequence[Event]) -> Span:
    """The weeks whose cells `effects` needs."""
    days = [event.day for event in events]
    return before(min(days))[0], monday(max(days)) + timedelta(weeks=WEEKS_BEFORE)


def effects(events: Iterable[Event], cells: Sequence[Cell], today: date) -> list[EventEffect]:
    """The effect of each event on the target that `cells` are of."""
    made = []
    for event in events:
        earlier, later = before(event.day), after(event.day, today)
        made.append(EventEffect(event, effect(*split(cells, earlier, later)), has_after=later[0] <= later[1]))
    return made


def marks(events: Iterable[Event]) -> Mapping[date, str]:
    """Monday -> the numbers of the events of that week, counted from 1 in the given order."""
    numbers: dict[date, list[str]] = {}
    for number, event in enumerate(events, 1):
        numbers.setdefault(monday(event.day), []).append(str(number))
    return {week: ",".join(some) for week, some in numbers.items()}

"""Whole weeks before and after an event, by tables of values."""

from datetime import date, timedelta

import pytest

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.db.events import Event
from devtelemetry_cli.server.team import events
from devtelemetry_cli.server.team.cells import Cell
from devtelemetry_cli.server.team.events_page import rows
from devtelemetry_cli.server.team.totals import totals

MONDAY = date(2026, 3, 2)
TODAY = MONDAY + timedelta(weeks=9, days=2)


def cell(week: int, seconds: float = 10, failures: int = 0, runs: int = 20) -> Cell:
    """A cell `week` weeks after MONDAY."""
    measures = {"runs": runs, "failures": failures, f"d:{bucket(seconds)}": runs, "total": runs * seconds}
    return Cell(MONDAY + timedelta(weeks=week), 1, "shop", "test", 3, totals(measures), {}, {})


def event(week: int, day: int = 2) -> Event:
    return Event(MONDAY + timedelta(weeks=week, days=day), "cache moved", "", 1)


def verdict(one: Event, *cells: Cell) -> str:
    (row,) = rows(events.effects([one], cells, TODAY))
    return row.verdict


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [(0, (0, 3), (4, 7)), (2, (0, 3), (5, 8)), (6, (0, 3), (5, 8))],
    ids=["a Monday", "a Wednesday", "a Sunday"],
)
def test_the_weeks_beside_an_event_are_whole(day: int, before: tuple[int, int], after: tuple[int, int]) -> None:
    on = event(4, day).day
    assert events.before(on) == tuple(MONDAY + timedelta(weeks=week) for week in before)
    assert events.after(on, TODAY) == tuple(MONDAY + timedelta(weeks=week) for week in after)
    assert events.needed([event(4, day)])[0] == events.before(on)[0]
    assert events.needed([event(4, day)])[1] >= events.after(on, TODAY)[1]


def test_the_running_week_is_not_after_an_event() -> None:
    assert events.after(event(7).day, TODAY) == (MONDAY + timedelta(weeks=8), MONDAY + timedelta(weeks=8))
    assert verdict(event(8), cell(7), cell(9)) == "no whole week after it yet"
    assert verdict(event(30), cell(7)) == "no whole week after it yet"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (cell(5, 20), "slower: 94 to 106 % longer"),
        (cell(5, 5), "faster: 48 to 52 % shorter"),
        (cell(5, 10, failures=12), "more fragile: 33 to 78 percentage points more fail"),
        (cell(5, 10), "no clear change (durations \N{MINUS SIGN}3 to 3 %)"),
        (cell(5, 20, runs=19), "too few runs to compare"),
        (cell(4, 20), "too few runs to compare"),  # the event's own week
    ],
)
def test_the_verdict_has_the_thresholds_of_the_comparison(after: Cell, words: str) -> None:
    assert verdict(event(4), cell(3), after) == words


def test_fewer_failures_are_more_robust() -> None:
    assert verdict(event(4), cell(3, failures=15), cell(5)).startswith("more robust: ")


def test_events_of_one_week_share_a_mark() -> None:
    assert events.marks([event(1, 0), event(1, 6), event(3)]) == {
        MONDAY + timedelta(weeks=1): "1,2",
        MONDAY + timedelta(weeks=3): "3",
    }

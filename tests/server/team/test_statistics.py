"""The figures of every page, by tables of values."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devtelemetry_cli.server.team.cells import Cell, monday, rounded_down
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.statistics import Summary, split, summary
from devtelemetry_cli.server.team.totals import totals
from tests.helpers.team_cells import LAST, TODAY, cell, period


def summed(cells: list[Cell], chosen: Period, developers: int = 6) -> Summary:
    """The summary of these cells, with as many developers in each of their weeks."""
    found, before = split(cells, chosen)
    return Summary(**summary(found, before, {one.week: developers for one in cells}, chosen))


def test_a_week_without_runs_has_its_place_in_the_trend() -> None:
    weeks = summed([cell(0), cell(3)], period()).weeks
    assert [(week.monday, week.totals.runs, week.developers) for week in weeks] == [
        (LAST - timedelta(weeks=3), 20, 6),
        (LAST - timedelta(weeks=2), 0, 0),
        (LAST - timedelta(weeks=1), 0, 0),
        (LAST, 20, 6),
    ]
    assert weeks[1].totals.p50 is None


def test_without_cells_there_is_nothing_but_zeros() -> None:
    shown = summed([], period())
    assert (shown.weeks, shown.developers, shown.totals.failure_rate, shown.per_developer) == ([], 0, 0, None)
    assert shown.sides.before is None


def test_totals_take_means_and_percentiles_of_the_completed_runs() -> None:
    whole = totals({"runs": 4, "interrupted": 1, "waited": 9.5, "total": 9, "d:0": 2, "d:8": 1})
    assert (whole.runs, whole.completed, whole.mean, whole.waited) == (4, 3, 3, 9.5)
    assert (whole.p50, whole.p90) == (pytest.approx(2**0.1875), pytest.approx(2**2.125))


def test_the_period_before_has_as_many_weeks_as_are_chosen() -> None:
    cells = [cell(week, waited=week + 1) for week in range(9)]
    shown = summed(cells, period(3))
    assert (shown.sides.now.waited, shown.sides.before and shown.sides.before.waited) == (1 + 2 + 3, 4 + 5 + 6)


def test_the_running_week_is_in_the_totals_and_in_no_comparison() -> None:
    cells = [cell(week, waited=100) for week in (-1, 0, 1, 2, 3)]
    shown = summed(cells, period(2, running=True))
    assert (shown.totals.waited, shown.sides.now.waited) == (300, 200)
    assert (shown.sides.before and shown.sides.before.waited, shown.per_developer) == (200, 100 / 6)
    assert [(week.over, week.last) for week in shown.weeks][-1] == (False, TODAY)


def test_a_period_before_that_is_older_than_the_reports_is_not_compared_with() -> None:
    assert summed([cell(week) for week in range(7)], period(4)).sides.before is None
    assert summed([cell(week) for week in range(8)], period(4)).sides.before


def test_the_running_week_alone_is_compared_with_nothing() -> None:
    chosen = Period(LAST + timedelta(weeks=1), LAST + timedelta(weeks=1), LAST, TODAY)
    shown = summed([cell(-1), cell(0)], chosen)
    assert (chosen.weeks, shown.totals.runs, shown.sides.before, shown.per_developer) == (0, 20, None, None)


def test_the_time_per_developer_is_that_of_weeks_whose_developers_are_known() -> None:
    cells = [cell(0, waited=60), cell(1, waited=120), cell(2, waited=9000)]
    found, before = split(cells, period())
    developers = {cells[0].week: 6, cells[1].week: 3}
    shown = Summary(**summary(found, before, developers, period()))
    assert shown.per_developer == pytest.approx(180 / 9)


def test_numbers_of_developers_are_rounded_down() -> None:
    assert [rounded_down(number, 3) for number in (0, 2, 3, 5, 6)] == [0, 0, 3, 3, 6]


def test_a_week_begins_on_monday() -> None:
    assert [monday(LAST + timedelta(days=day)) for day in (-1, 0, 6, 7)] == [
        LAST - timedelta(days=7),
        LAST,
        LAST,
        LAST + timedelta(days=7),
    ]


def test_a_week_is_over_on_the_monday_after() -> None:
    chosen = Period(LAST, LAST, LAST, TODAY)
    found, _ = split([cell(0)], chosen)
    for days, over in ((6, False), (7, True)):
        shown = Summary(**summary(found, [], {}, replace(chosen, today=LAST + timedelta(days=days))))
        assert [week.over for week in shown.weeks] == [over]

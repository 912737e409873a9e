"""The charts over weeks: labels, ranges, tables."""

from datetime import date, timedelta

import pytest

from devtelemetry_cli.model.formatting import duration
from devtelemetry_cli.server.team import weekly
from devtelemetry_cli.server.team.statistics import Week
from devtelemetry_cli.server.team.totals import totals
from tests.helpers.team_cells import LAST


def week(ago: int, waited: float = 0, today: date | None = None, developers: int = 6) -> Week:
    """A week `ago` weeks before LAST; the running one if `today` is given."""
    monday = LAST - timedelta(weeks=ago)
    measures = {"runs": 4, "failures": 1, "waited": waited, "total": 8, "d:3": 4}
    return Week(monday, totals(measures), developers, today is None, today or monday + timedelta(days=6))


@pytest.mark.parametrize(
    ("today", "label"),
    [
        (date(2026, 3, 12), "9-12 Mar, so far"),
        (date(2026, 3, 9), "9 Mar, so far"),
    ],
)
def test_the_running_week_has_its_dates(today: date, label: str) -> None:
    assert weekly.labels([week(0), week(-1, today=today)]) == ["2 Mar", label]


def test_a_running_week_may_reach_into_the_next_month() -> None:
    assert weekly.labels([week(-4, today=date(2026, 4, 2))]) == ["30 Mar-2 Apr, so far"]


def test_weeks_of_two_years_have_their_year() -> None:
    assert weekly.labels([week(10), week(0)]) == ["22 Dec 2025", "2 Mar 2026"]


def test_the_range_is_that_of_the_whole_weeks() -> None:
    weeks = [week(1, 60), week(0, 120), week(-1, 5, date(2026, 3, 12))]
    values = [one.totals.waited for one in weeks]
    assert weekly.note(weeks, values, duration) == (
        "From 1 min to 2 min (week of 2 Mar). 9-12 Mar is the running week so far."
    )
    assert weekly.note(weeks[:1], values[:1], duration) == weekly.note([], [], duration) == ""


def test_every_chart_has_a_row_for_each_week() -> None:
    weeks = [week(1, 60), week(0, 120)]
    for chart in (weekly.waited, weekly.per_developer, weekly.failures, weekly.durations):
        made = chart(weeks, {})
        assert [row[0] for row in made.rows] == ["23 Feb", "2 Mar"]
        assert {len(row) for row in made.rows} == {len(made.heads)}


def test_a_week_without_known_developers_has_no_time_per_developer() -> None:
    made = weekly.per_developer([week(1, 60, developers=0), week(0, 120)], {})
    assert [row[1] for row in made.rows] == ["-", "20 s"]


def test_the_mean_stands_beside_the_percentiles() -> None:
    made = weekly.durations([week(0)], {})
    assert made.heads == ["Week of", "p50", "Mean", "p90"]
    assert made.rows[0][2] == "2.0 s"
    assert [entry.name for entry in made.legend] == ["p50", "p90", "mean"]


def test_a_mark_is_drawn_over_the_week_of_its_monday() -> None:
    made = weekly.waited([week(1, 60), week(0, 120)], {LAST: "1", LAST + timedelta(weeks=9): "2"})
    assert 'class="middle mark"' in made.picture
    assert made.picture.count('path class="mark"') == 1

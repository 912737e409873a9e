"""Sums of days -> figures, as a table of values."""

from array import array
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.commands.stats import render, statistics
from devtelemetry_cli.commands.stats.aggregate_exact import Sum
from devtelemetry_cli.commands.stats.statistics import Days, Statistics

TODAY = date(2026, 11, 22)


def ago(count: int) -> str:
    return (TODAY - timedelta(days=count)).isoformat()


def runs(*durations: float, **changes: float) -> Sum:
    total = Sum(waited=sum(durations), durations=array("d", durations))
    for name, value in changes.items():
        setattr(total, name, value)
    return total


def micro(seconds: float) -> float:
    """A duration as a journal keeps it."""
    return round(seconds, 6)


def over(days: Days, count: int = 28) -> Statistics:
    return statistics.statistics(days, TODAY - timedelta(days=count - 1), TODAY)


@pytest.mark.parametrize(("percent", "value"), [(50, 5.0), (90, 9.0), (100, 10.0), (1, 1.0)])
def test_a_quantile_is_a_value_that_occurred(percent: int, value: float) -> None:
    assert statistics.quantile([float(i) for i in range(1, 11)], percent) == value


def test_a_quantile_of_nothing_is_none() -> None:
    assert statistics.quantile([], 50) is None


@given(
    st.lists(st.lists(st.one_of(st.sampled_from([0.0, 0.001, 2.5]), st.floats(0, 2**53 - 1).map(micro)), max_size=9)),
    st.integers(1, 100),
)
def test_the_quantile_of_several_parts_is_that_of_all_their_values(parts: list[list[float]], percent: int) -> None:
    everything = sorted(value for part in parts for value in part)
    assert statistics.quantile_of_all([sorted(part) for part in parts], percent) == statistics.quantile(
        everything, percent
    )


def test_a_targets_days_are_one_line() -> None:
    found = over({ago(0): {("shop", "test"): runs(1, 3)}, ago(9): {("shop", "test"): runs(2, failures=1)}})
    (target,) = found.targets
    assert (target.runs, target.failures, target.p50_seconds, target.p90_seconds) == (3, 1, 2.0, 3.0)
    assert (found.p50_seconds, found.waited_seconds) == (2.0, 6.0)


def test_this_week_is_seven_days_up_to_today_and_last_week_the_seven_before() -> None:
    found = over({ago(i): {("", "a"): runs(10.0**i)} for i in (0, 6, 7, 13, 14)})
    assert (found.this_week.waited_seconds, found.last_week.waited_seconds) == (1 + 10**6, 10**7 + 10**13)
    assert (found.last_week.first, found.this_week.first, found.this_week.last) == (ago(13), ago(6), ago(0))


def test_the_weeks_do_not_depend_on_the_window() -> None:
    days = {ago(i): {("", "a"): runs(1)} for i in range(14)}
    assert (over(days, 1).last_week, over(days, 1).runs) == (over(days).last_week, 1)


def test_the_trend_has_every_day_of_the_window() -> None:
    trend = over({ago(1): {("", "a"): runs(5)}}, 3).trend
    assert [(day.date, day.runs, day.waited_seconds) for day in trend] == [
        (ago(2), 0, 0),
        (ago(1), 1, 5),
        (ago(0), 0, 0),
    ]


def test_the_slowest_is_what_typically_takes_longest() -> None:
    found = over({ago(0): {("", "spiky"): runs(1, 1, 99), ("", "slow"): runs(5, 5, 5), ("", "lost"): Sum(lost=1)}})
    assert [target.target for target in found.slowest()] == ["slow", "spiky"]


def test_the_most_often_failing_is_by_count_then_share() -> None:
    found = over(
        {ago(0): {("", n): runs(*[1.0] * r, failures=f) for n, r, f in [("a", 9, 2), ("b", 2, 2), ("c", 9, 0)]}}
    )
    assert [target.target for target in found.failing()] == ["b", "a"]


@pytest.mark.parametrize(
    ("targets", "projects", "left"),
    [
        ((), (), {"dev.up", "dev.down", "test"}),
        (("dev.up",), (), {"dev.up"}),
        (("dev.%", "test"), (), {"dev.up", "dev.down", "test"}),
        ((), ("web",), {"test"}),
        (("dev.up",), ("web",), set()),
    ],
)
def test_targets_and_projects_narrow(targets: tuple[str, ...], projects: tuple[str, ...], left: set[str]) -> None:
    keys = [("shop", "dev.up"), ("shop", "dev.down"), ("web", "test")]
    days = statistics.select({ago(0): {key: runs(1) for key in keys}}, targets, projects)
    assert {target for _, target in days[ago(0)]} == left


def test_the_page_charts_weeks_where_days_are_too_many() -> None:
    lines = list(render.lines(over({ago(0): {("", "a"): runs(5)}}, 100), "ascii"))
    assert "  per week  ..............@" in lines
    assert f"            maximum: 5.0 s in the week from {ago(6)}" in lines


def test_nested_targets_are_charted_by_runs() -> None:
    lines = list(render.lines(over({ago(1): {("", "a"): runs(5, 5, waited=0)}}, 2), "ascii"))
    assert f"            maximum: 2 runs inside other targets on {ago(1)}" in lines


def test_projects_are_named_where_there_are_several() -> None:
    lines = "\n".join(render.lines(over({ago(1): {("shop", "a"): runs(5), ("web", "a"): runs(6)}}), "ascii"))
    assert "  web a " in lines
    assert "  shop a " in lines

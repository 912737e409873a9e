"""The last whole week against the four before, by tables of values."""

import random
from datetime import timedelta

import pytest

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.team.cells import Cell
from devtelemetry_cli.server.team.comparison import compare, span
from devtelemetry_cli.server.team.totals import totals
from tests.helpers.team_cells import LAST, TODAY, cell


def changes(*cells: Cell) -> tuple[list[str], list[str]]:
    """The targets that became slower, and those that became more fragile."""
    shown = compare(cells, TODAY)
    return [it.target for it in shown.slower], [it.target for it in shown.fragile]


@pytest.mark.parametrize(
    ("before", "now", "slower"),
    [
        ({"seconds": 10}, {"seconds": 12}, True),
        ({"seconds": 10}, {"seconds": 11.4}, False),  # another bucket, but not 15 % more
        ({"seconds": 10}, {"seconds": 8}, False),
        ({"seconds": 10, "runs": 19}, {"seconds": 100}, False),  # too few before
        ({"seconds": 10}, {"seconds": 100, "runs": 19}, False),  # too few now
        ({"seconds": 10, "runs": 20}, {"seconds": 100, "runs": 20}, True),
    ],
)
def test_slower_is_a_later_median_and_fifteen_percent_more(
    before: dict[str, float], now: dict[str, float], slower: bool
) -> None:
    assert changes(cell(1, **before), cell(0, **now)) == (["test"] if slower else [], [])


@pytest.mark.parametrize("seconds", [11.4, 12, 20])
def test_faster_is_slower_in_the_other_direction(seconds: float) -> None:
    slower = compare([cell(1, seconds=10), cell(0, seconds=seconds)], TODAY)
    faster = compare([cell(1, seconds=seconds), cell(0, seconds=10)], TODAY)
    assert len(slower.slower) == len(faster.faster) == (seconds > 11.5)
    for one, other in zip(slower.slower, faster.faster, strict=True):
        assert (1 + one.low, 1 + one.high) == pytest.approx((1 / (1 + other.high), 1 / (1 + other.low)))
        assert one.cost == pytest.approx(-other.cost)
    assert (slower.faster, faster.slower) == ([], [])


@pytest.mark.parametrize("failures", [2, 8, 40])
def test_more_robust_is_more_fragile_in_the_other_direction(failures: int) -> None:
    good, bad = {"runs": 100, "failures": 1}, {"runs": 100, "failures": failures}
    fragile = compare([cell(1, **good), cell(0, **bad)], TODAY)
    robust = compare([cell(1, **bad), cell(0, **good)], TODAY)
    assert len(fragile.fragile) == len(robust.robust) == (failures > 2)
    for one, other in zip(fragile.fragile, robust.robust, strict=True):
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert (fragile.robust, robust.fragile) == ([], [])


def test_a_mean_that_grew_in_the_same_bucket_is_not_slower() -> None:
    now = Cell(LAST, 1, "shop", "test", 3, totals({"runs": 20, f"d:{bucket(10)}": 20, "total": 300}), {}, {})
    assert changes(cell(1), now) == ([], [])


@pytest.mark.parametrize(
    ("before", "now", "fragile"),
    [
        ((100, 2), (100, 20), True),
        ((100, 20), (100, 2), False),
        ((1000, 100), (1000, 149), False),  # under five of a hundred
        ((1000, 100), (1000, 151), True),
        ((20, 1), (20, 3), False),  # ten of a hundred, but by chance
        ((20, 0), (20, 20), True),
        ((20, 20), (20, 20), False),
        ((20, 0), (20, 0), False),
        ((19, 0), (100, 100), False),  # too few before
    ],
)
def test_more_fragile_is_five_of_a_hundred_and_hardly_by_chance(
    before: tuple[int, int], now: tuple[int, int], fragile: bool
) -> None:
    pair = [cell(week, runs=runs, failures=failed) for week, (runs, failed) in ((1, before), (0, now))]
    assert changes(*pair) == ([], ["test"] if fragile else [])


@pytest.mark.parametrize(("weeks", "slower"), [(4, True), (5, False)])
def test_only_the_four_weeks_before_are_compared_with(weeks: int, slower: bool) -> None:
    assert bool(changes(cell(weeks), cell(0, seconds=100))[0]) is slower


def test_a_week_that_is_not_over_is_compared_with_nothing() -> None:
    assert changes(cell(1), cell(0), cell(-1, seconds=100)) == ([], [])


def test_a_rest_is_not_compared() -> None:
    assert changes(cell(1, target=""), cell(0, target="", seconds=100)) == ([], [])


def test_the_most_expensive_change_is_first() -> None:
    rare = [cell(1, "rare"), cell(0, "rare", seconds=60)]
    often = [cell(1, "often", runs=200), cell(0, "often", runs=200, seconds=20)]
    assert changes(*rare, *often)[0] == ["often", "rare"]


def test_the_span_is_the_last_whole_week_and_four_before() -> None:
    assert span(TODAY) == (LAST - timedelta(weeks=4), LAST)
    assert span(LAST + timedelta(days=7)) == span(TODAY)


def test_missing_weeks_are_counted() -> None:
    shown = compare([cell(0), cell(2), cell(2, "other"), cell(4), cell(9)], TODAY)
    assert (shown.week, shown.has_week, shown.weeks_before, shown.compared) == (LAST, True, 2, 1)
    assert compare([cell(1)], TODAY).has_week is False
    assert compare([], TODAY).weeks_before == 0


def test_a_change_that_chance_explains_is_not_shown() -> None:
    """The same distribution on both sides, a thousand times: few false alarms."""
    chance = random.Random(4)  # noqa: S311 - lengths of builds

    def side(week: int, runs: int) -> Cell:
        seconds = [chance.lognormvariate(3, 0.6) for _ in range(runs)]
        failures = sum(chance.random() < 0.2 for _ in range(runs))
        measures = {"runs": float(runs), "failures": float(failures), "total": sum(seconds)}
        for one in seconds:
            measures[f"d:{bucket(one)}"] = measures.get(f"d:{bucket(one)}", 0) + 1
        return Cell(LAST - timedelta(weeks=week), 1, "shop", "test", 3, totals(measures), {}, {})

    shown = [compare([side(1, 80), side(0, 40)], TODAY) for _ in range(1000)]
    assert sum(bool(one.slower) for one in shown) < 40
    assert sum(bool(one.fragile) for one in shown) < 40


def test_a_change_has_its_interval() -> None:
    (slower,) = compare([cell(1, runs=200), cell(0, runs=200, seconds=20)], TODAY).slower
    assert 0.9 < slower.low < 1 < slower.high < 1.1  # twice as long is 100 % more
    (fragile,) = compare([cell(1, runs=100, failures=10), cell(0, runs=100, failures=30)], TODAY).fragile
    assert (fragile.low, fragile.high) == (pytest.approx(0.091, abs=0.005), pytest.approx(0.304, abs=0.005))

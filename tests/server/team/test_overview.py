"""The figures of the overview, by tables of values."""

import pytest

from devtelemetry_cli.server.team.cells import Cell, CellResult
from devtelemetry_cli.server.team.overview import Overview, overview
from devtelemetry_cli.server.team.previous import Period
from tests.helpers.team_cells import cell, period


def shown(cells: list[Cell], chosen: Period, sorting: str = "waited") -> Overview:
    """The overview of these cells."""
    return overview(CellResult(cells, {}, [], True), chosen, 3, sorting)


@pytest.mark.parametrize(
    ("sorting", "first"),
    [("waited", "a"), ("runs", "b"), ("failures", "c"), ("mean", "d"), ("p50", "d"), ("p90", "d"), ("developers", "e")],
)
def test_targets_are_sorted_by_each_of_their_numbers(sorting: str, first: str) -> None:
    cells = [
        cell(target="a", waited=100),
        cell(target="b", runs=21),
        cell(target="c", failures=1),
        cell(target="d", seconds=12),
        cell(target="e", developers=6),
    ]
    assert shown(cells, period(), sorting).targets[0].target == first


def test_targets_are_sorted_by_their_growth() -> None:
    cells = [
        *(cell(week, "steady", waited=500) for week in (0, 1)),
        *(cell(week, "grown", waited=200 - 100 * week) for week in (0, 1)),
        *(cell(week, "shrunk", waited=900 + 100 * week) for week in (0, 1)),
        cell(0, "first seen", waited=300),
    ]
    found = shown(cells, period(1), "growth").targets
    assert [it.target for it in found] == ["first seen", "grown", "steady", "shrunk"]
    assert [it.growth for it in found] == [300, 100, 0, -100]


def test_without_a_period_before_the_growth_of_all_is_zero() -> None:
    found = shown([cell(0, "a", waited=1), cell(0, "b", waited=2)], period(1), "growth").targets
    assert [(it.target, it.growth, it.sides.before) for it in found] == [("b", 0, None), ("a", 0, None)]


def test_a_trend_has_every_whole_week_since_the_first_report() -> None:
    cells = [cell(-1, waited=9), cell(0, waited=1), cell(2, waited=3), cell(3, "other", waited=1)]
    found = shown(cells, period(12, running=True))
    assert [found.trend(it) for it in found.targets] == [[0, 3, 0, 1], [1, 0, 0, 0]]


def test_a_target_that_ended_before_the_chosen_weeks_is_not_listed() -> None:
    cells = [cell(0), cell(1, "gone"), cell(1)]
    assert [it.target for it in shown(cells, period(1)).targets] == ["test"]


def test_developers_of_two_connections_are_rounded_down_each() -> None:
    found = shown([cell(developers=5), cell(developers=4)], period())
    assert [it.developers for it in found.targets] == [6]

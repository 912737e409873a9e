"""The figures of a target's page, by tables of values."""

from devtelemetry_cli.server.team.cells import Cell
from devtelemetry_cli.server.team.checkouts import Part
from devtelemetry_cli.server.team.detail import detail
from devtelemetry_cli.server.team.totals import Totals
from tests.helpers.team_cells import LAST, cell, period


def test_bars_reach_from_a_power_of_two_to_the_next_and_none_is_left_out() -> None:
    shown = detail([cell(seconds=1.5), cell(week=1, seconds=10)], period(), 3)
    assert shown.durations == [(1, 2, 20), (2, 4, 0), (4, 8, 0), (8, 16, 20)]


def test_without_cells_there_are_no_bars() -> None:
    assert detail([], period(), 3).durations == []


def test_the_period_before_is_in_no_bar() -> None:
    shown = detail([cell(0, seconds=1.5), cell(1, seconds=10)], period(1), 3)
    assert shown.durations == [(1, 2, 20)]
    assert shown.sides.before
    assert shown.sides.before.mean == 10


def test_parts_have_a_fixed_order_with_the_rest_last() -> None:
    places = {"r:other:0": 4.0, "f:other:0": 2.0, "r:default:8-30": 3.0, "r::": 5.0, "f::": 1.0, "r:other:": 1.0}
    codes = {"0": 9.0, "2": 2.0, "": 2.0}
    shown = detail([Cell(LAST, 1, "shop", "test", 3, Totals(runs=13), codes, places)], period(), 3)
    assert shown.branches == [Part("default", 3), Part("other", 5, 2), Part("", 5, 1)]
    assert shown.ages == [Part("0", 4, 2), Part("8-30", 3), Part("", 6, 1)]
    assert shown.exit_codes == [Part("0", 9), Part("", 2), Part("2", 2)]

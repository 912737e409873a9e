"""The figures at the top of a page, and their changes."""

from dataclasses import replace

from devtelemetry_cli.server.team.cells import CellResult
from devtelemetry_cli.server.team.overview import Overview, overview
from devtelemetry_cli.server.team.statistics import Sides
from devtelemetry_cli.server.team.tiles import Tile, changes, tiles
from devtelemetry_cli.server.team.totals import Totals
from tests.helpers.team_cells import LAST, cell, period


def shown() -> Overview:
    """A week beside the one before."""
    cells = [cell(0, waited=7200, failures=5), cell(1, waited=3600, failures=4, seconds=8)]
    developers = {one.week: 6 for one in cells}
    return overview(CellResult(cells, developers, [], True), period(1), 3)


def tile(found: Overview, name: str, hourly_cost: int = 0) -> Tile:
    """The tile of that name."""
    return next(one for one in tiles(found, hourly_cost) if one.name == name)


def test_every_figure_stands_beside_its_past() -> None:
    assert {one.name: one.change for one in tiles(shown(), 0)} == {
        "Time waited": "+100 %",
        "Per developer and week": "+100 %",
        "Runs": "±0 %",
        "Failure rate": "+5 points",
        "Mean": "+25 %",
        "p50": "+41 %",
        "p90": "+41 %",
        "Developers": "before: 6",
    }


def test_without_a_past_no_change_is_shown() -> None:
    alone = overview(CellResult([cell(0)], {LAST: 3}, [], True), period(1), 3)
    assert {one.change for one in tiles(alone, 0)} == {""}


def test_the_time_is_shown_per_developer_and_week() -> None:
    assert tile(shown(), "Per developer and week").value == "20 min"
    assert tile(replace(shown(), per_developer=None), "Per developer and week").value == "-"


def test_the_time_is_shown_as_money_only_at_a_given_cost() -> None:
    assert tile(shown(), "Time waited").notes == []
    assert tile(shown(), "Time waited", 1200).notes == ["2,400 at 1,200 an hour"]


def test_rates_and_durations_of_few_runs_have_no_change() -> None:
    found = changes(Sides(Totals(runs=19, completed=19, waited=2), Totals(runs=40, completed=40, waited=1)))
    assert found == {"waited": "+100 %", "runs": "-52 %", "failures": "", "mean": "", "p50": "", "p90": ""}

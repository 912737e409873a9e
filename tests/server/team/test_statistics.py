"""The figures of the pages, by tables of values."""

from datetime import date, timedelta

import pytest

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.team import counters, statistics
from devtelemetry_cli.server.team.breakdown import Breakdown
from devtelemetry_cli.server.team.cells import Cell, CellResult, monday, rounded_down
from devtelemetry_cli.server.team.statistics import Part, detail, overview, totals

TODAY = date(2026, 3, 12)  # a Thursday
LAST = date(2026, 3, 2)  # the Monday of the last whole week


def cell(week: int = 0, target: str = "test", developers: int = 3, **given: float) -> Cell:
    """A cell `week` weeks before LAST; `given` are its counters, `seconds` the duration of all of its runs."""
    runs, seconds = given.setdefault("runs", 20), given.pop("seconds", 10)
    whole = given | {f"d:{bucket(seconds)}": runs, "total": runs * seconds}
    return Cell(LAST - timedelta(weeks=week), 1, "shop", target, developers, whole, {}, {})


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
    assert overview(CellResult(cells, {}, [], True), 3, TODAY, sorting).targets[0].target == first


def test_a_week_without_runs_has_its_place_in_the_trend() -> None:
    weeks = overview(CellResult([cell(0), cell(3)], {LAST: 6}, [], True), 3, TODAY).weeks
    assert [(week.monday, week.totals.runs, week.developers) for week in weeks] == [
        (LAST - timedelta(weeks=3), 20, 0),
        (LAST - timedelta(weeks=2), 0, 0),
        (LAST - timedelta(weeks=1), 0, 0),
        (LAST, 20, 6),
    ]
    assert weeks[1].totals.p50 is None


def test_without_cells_there_is_nothing_but_zeros() -> None:
    shown = overview(CellResult([], {}, [], False), 3, TODAY)
    assert (shown.weeks, shown.targets, shown.developers, shown.totals.failure_rate) == ([], [], 0, 0)
    assert detail([], 3, TODAY).durations == []


def test_totals_take_means_and_percentiles_of_the_completed_runs() -> None:
    whole = totals([{"runs": 4, "interrupted": 1, "waited": 9.5, "total": 9, "d:0": 2, "d:8": 1}])
    assert (whole.runs, whole.completed, whole.mean, whole.waited) == (4, 3, 3, 9.5)
    assert (whole.p50, whole.p90) == (pytest.approx(2**0.1875), pytest.approx(2**2.125))


def test_bars_reach_from_a_power_of_two_to_the_next_and_none_is_left_out() -> None:
    shown = detail([cell(seconds=1.5), cell(week=1, seconds=10)], 3, TODAY)
    assert shown.durations == [(1, 2, 20), (2, 4, 0), (4, 8, 0), (8, 16, 20)]


def test_parts_have_a_fixed_order_with_the_rest_last() -> None:
    places = {"r:other:0": 4, "f:other:0": 2, "r:default:8-30": 3, "r::": 5, "f::": 1, "r:other:": 1}
    shown = detail([Cell(LAST, 1, "shop", "test", 3, {"runs": 13}, {"0": 9, "2": 2, "": 2}, places)], 3, TODAY)
    assert shown.branches == [Part("default", 3), Part("other", 5, 2), Part("", 5, 1)]
    assert shown.ages == [Part("0", 4, 2), Part("8-30", 3), Part("", 6, 1)]
    assert shown.exit_codes == [Part("0", 9), Part("", 2), Part("2", 2)]


def test_developers_of_two_connections_are_rounded_down_each() -> None:
    shown = overview(CellResult([cell(developers=5), cell(developers=4)], {}, [], True), 3, TODAY)
    assert [it.developers for it in shown.targets] == [6]
    assert [rounded_down(number, 3) for number in (0, 2, 3, 5, 6)] == [0, 0, 3, 3, 6]


def test_a_week_begins_on_monday() -> None:
    assert [monday(LAST + timedelta(days=day)) for day in (-1, 0, 6, 7)] == [
        LAST - timedelta(days=7),
        LAST,
        LAST,
        LAST + timedelta(days=7),
    ]
    assert statistics.is_over(LAST, LAST + timedelta(days=7))
    assert not statistics.is_over(LAST, LAST + timedelta(days=6))


ROW = {
    **{"runs": 10, "failures": 3, "interrupted": 1, "lost": 2, "waited_seconds": 5.0, "duration_total": 4.0},
    **{"durations": '{"3": 7}', "exit_codes": '{"0": 5, "2": 3}'},
    "checkouts": '[{"branch": "other", "age_days": "0", "runs": 8, "failures": 3}]',
}
WHOLE = {"runs": 10, "failures": 3, "interrupted": 1, "lost": 2, "waited": 5, "total": 4, "d:3": 7}
PARTS = {"x:0": 5, "x:2": 3, "r:other:0": 8, "f:other:0": 3}


@pytest.mark.parametrize(
    ("changed", "left_out"),
    [
        ({}, set()),
        ({"durations": "null", "exit_codes": "null", "checkouts": "null"}, {"d:3", *PARTS}),
        ({"durations": '{"3": 9}'}, {"d:3", "total"}),
        ({"exit_codes": '{"0": 9}'}, {"x:0", "x:2"}),
        ({"checkouts": ROW["checkouts"].replace("8", "9")}, {"r:other:0", "f:other:0"}),  # type: ignore[attr-defined]
    ],
)
def test_parts_that_are_more_than_their_whole_are_left_out(changed: dict[str, str], left_out: set[str]) -> None:
    wanted = {key: value for key, value in (WHOLE | PARTS).items() if key not in left_out}
    assert counters.from_row(ROW | changed) == wanted


def test_no_more_runs_fail_than_there_are() -> None:
    made = counters.from_row(ROW | {"runs": 2, "lost": 5, "interrupted": 9})
    assert {name: made[name] for name in ("failures", "lost", "interrupted")} == dict.fromkeys(
        ("failures", "lost", "interrupted"), 2
    )


def test_exit_codes_are_few_and_short_whatever_was_sent() -> None:
    codes = ", ".join(f'"{number}": 1' for number in range(150))
    made = counters.from_row(ROW | {"runs": 1000, "exit_codes": f'{{"{"9" * 33}": 500, {codes}}}'})
    given = counters.with_prefix(made, "x:")
    assert len(given) == counters.MOST_CODES + 1
    assert (given[""], sum(given.values())) == (550, 650)


def test_runs_without_a_known_end_are_in_no_part() -> None:
    part = Breakdown()
    for developer in "abc":
        part.add(developer, counters.from_row(ROW))
    cell_of_three = {"runs": 30.0, "failures": 9.0, "lost": 6.0}
    assert part.exit_codes(3, cell_of_three) == {"0": 15, "2": 9}
    assert part.checkouts(3, cell_of_three) == {"r:other:0": 24, "f:other:0": 9}


def test_runs_of_erased_developers_are_in_the_rest() -> None:
    part = Breakdown()
    for developer in "abc":
        part.add(developer, counters.from_row(ROW))
    cell_of_four = {"runs": 37.0, "failures": 10.0, "lost": 6.0}
    assert part.exit_codes(3, cell_of_four) == {"2": 9, "": 22}  # with the fewest that are enough
    assert part.checkouts(3, cell_of_four) == {"r::": 31, "f::": 10}

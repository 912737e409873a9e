"""Counters of a row, and the parts of a cell, by tables of values."""

import pytest

from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.breakdown import Breakdown

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

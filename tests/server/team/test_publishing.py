"""Publishing: an adversary that keeps and subtracts all answers isolates no developer."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.server import retention
from devtelemetry_cli.server.db import connections
from devtelemetry_cli.server.db.database import ConflictError, migrate, open_database
from devtelemetry_cli.server.team import cells, counters, grouping, publishing
from tests.helpers.databases import Store, copy_database
from tests.helpers.team_factory import BASE, MONDAY, Runs, Team, developers_in

SETTLED, CLOSED = 11, 120  # days after MONDAY


@pytest.fixture
def team(url: str) -> Iterator[Team]:
    team = Team.at(url)
    yield team
    team.database.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and nothing in them."""
    file = tmp_path_factory.mktemp("empty") / "reports.db"
    migrate(f"sqlite:///{file}")
    return file


def test_a_target_is_shown_once_three_developers_ran_it(team: Team) -> None:
    team.report(Runs(0), Runs(1))
    team.publish()
    assert team.cells() == []
    team.report(Runs(2))
    team.publish()
    assert [(cell.target, cell.developers) for cell in team.cells()] == [("test", 3)]
    assert developers_in(team.visible_runs()["shop", "test"]) == {0, 1, 2}


def test_what_comes_later_is_added_once_it_is_three_developers_again(team: Team) -> None:
    team.report(Runs(0), Runs(1), Runs(2))
    team.publish()
    before = team.visible_runs()["shop", "test"]
    team.report(Runs(0, day=1), Runs(3))
    team.publish()
    assert team.visible_runs()["shop", "test"] == before
    team.report(Runs(1, runs=2))  # a later revision of a day that is shown already
    team.publish()
    after = team.visible_runs()["shop", "test"]
    assert after - before == 1 + 2 * BASE + BASE**3
    assert team.cells()[0].developers == 4


def test_publishing_again_changes_nothing(team: Team) -> None:
    team.report(Runs(0), Runs(1), Runs(2))
    for days in (7, 7, SETTLED, SETTLED, CLOSED, CLOSED):
        team.publish(days)
        assert team.visible_runs() == {("shop", "test"): 1 + BASE + BASE**2}


def test_the_same_report_again_does_not_count_towards_k(team: Team) -> None:
    team.report(Runs(0), Runs(1), Runs(2))
    team.publish()
    before = team.visible_runs()
    team.report(Runs(0, target="other"), Runs(1, target="other"), Runs(3))  # `test` of 0 and 1 is sent along as it was
    team.publish()
    assert team.visible_runs() == before


def test_when_a_week_is_long_over_rare_targets_are_shown_together(team: Team) -> None:
    team.report(*(Runs(i, target=f"rare-{i}") for i in range(3)), Runs(3, project="other"), Runs(4, project="third"))
    team.publish()
    assert team.visible_runs() == {}
    team.publish(SETTLED)
    assert {name: developers_in(runs) for name, runs in team.visible_runs().items()} == {("shop", ""): {0, 1, 2}}
    team.report(Runs(5, project="fourth"))
    team.publish(CLOSED)
    assert developers_in(team.visible_runs()["", ""]) == {3, 4, 5}


def test_both_kinds_of_rests_without_a_project_are_in_one_cell(team: Team) -> None:
    team.report(*(Runs(i, target=f"rare-{i}", project="") for i in range(3)))
    team.report(*(Runs(i, project=f"rare-{i}") for i in range(3, 6)))
    team.publish(SETTLED)
    assert {name: developers_in(runs) for name, runs in team.visible_runs().items()} == {("", ""): set(range(6))}


def test_groups_of_few_rows_are_published_in_one_transaction(team: Team) -> None:
    team.report(*(Runs(i, target=f"target-{number}") for i in range(3) for number in range(5)))
    today = MONDAY + timedelta(days=7)
    assert publishing.publish(team.database, team.k, today, everything=True, stopped=lambda: False) == 1
    assert len(team.visible_runs()) == 5


def test_exit_codes_and_checkouts_are_published_when_the_week_is_settled(team: Team) -> None:
    team.report(*(Runs(i, code="2" if i == 5 else "0", branch="other" if i > 2 else "default") for i in range(6)))
    team.publish()
    assert (team.cells()[0].exit_codes, team.cells()[0].checkouts) == ({}, {})
    team.publish(SETTLED)
    cell = team.cells()[0]
    (stored,) = Store(team.url).select("SELECT measures FROM devtel_team_cells")
    assert '"x:' not in stored["measures"]  # what fewer than k have appears nowhere else
    assert set(cell.exit_codes) == {""}  # one developer's code takes the only other along
    assert {key: developers_in(runs) for key, runs in cell.checkouts.items() if key[0] == "r"} == {
        "r:default:0": {0, 1, 2},
        "r:other:0": {3, 4, 5},
    }


def test_an_erased_developer_leaves_only_sums_of_groups(team: Team) -> None:
    team.report(Runs(0), Runs(1), Runs(2))
    team.publish()
    before = team.visible_runs()
    team.forget(0)
    team.publish()
    assert team.visible_runs() == before
    left = team.database.read(lambda db: db.exec_driver_sql("SELECT person FROM devtel_team_shown").scalars().all())
    assert sorted(left) == [f"{1:032x}", f"{2:032x}"]


def test_asking_for_more_developers_makes_every_cell_anew(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)), *(Runs(i, target="build") for i in range(4)))
    team.publish()
    assert set(team.visible_runs()) == {("shop", "test"), ("shop", "build")}
    team.k = 4
    team.publish()
    assert set(team.visible_runs()) == {("shop", "build")}


def test_a_connection_takes_its_cells_along(team: Team) -> None:
    team.report(Runs(0), Runs(1), Runs(2))
    team.publish()
    team.database.write(lambda db: connections.remove(db, team.connection))
    assert team.cells() == []
    team.publish()
    assert team.cells() == []


def test_cells_are_kept_as_long_as_reports(team: Team) -> None:
    team.report(Runs(0), Runs(1), Runs(2))
    team.publish()
    for days, kept in ((370, True), (373, False)):
        retention.delete_old(team.database, 365, MONDAY + timedelta(days=days), threading.Event())
        assert bool(team.cells()) is kept


def test_what_a_later_report_adds_stays_in_the_row_s_own_cell(team: Team) -> None:
    team.report(*(Runs(i) for i in range(4)))
    team.publish()
    team.report(Runs(0), Runs(4, target="rare"), Runs(5, target="rare"))
    team.publish(SETTLED)  # 0 is not one of three with the rare targets: the cell of `test` would tell who it is
    cell = team.cells()[0]
    assert len(team.cells()) == 1
    assert cell.exit_codes == {"0": cell.totals.runs}
    assert cell.checkouts == {"r:default:0": cell.totals.runs}


def test_rows_in_a_rest_stay_in_it(team: Team) -> None:
    team.report(*(Runs(i, target=f"rare-{i}") for i in range(3)))
    team.publish(SETTLED)
    team.report(*(Runs(i, target="rare-0") for i in range(3)))
    team.publish(18)
    assert team.visible_runs() == {("shop", ""): 1 + BASE + BASE**2}
    team.publish(CLOSED)
    assert team.visible_runs() == {("shop", ""): 2 * (1 + BASE + BASE**2)}


def test_rows_in_a_projects_rest_never_enter_the_rest_of_all(team: Team) -> None:
    team.report(*(Runs(i, target=f"rare-{i}") for i in range(3)))
    team.publish(SETTLED)
    team.report(Runs(0, target="rare-0"), *(Runs(i, project=f"project-{i}") for i in (3, 4, 5)))
    team.publish(CLOSED)
    assert {name: developers_in(runs) for name, runs in team.visible_runs().items()} == {
        ("shop", ""): {0, 1, 2},
        ("", ""): {3, 4, 5},
    }
    assert developers_in(team.visible_runs()["shop", ""]) == {0, 1, 2}
    assert team.visible_runs()["shop", ""] == 1 + BASE + BASE**2


def test_parts_of_a_target_are_those_of_its_own_cell(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    team.publish()
    team.report(Runs(3), *(Runs(i, target="rare") for i in (4, 5)))
    team.publish(SETTLED)
    made = {cell.target: cell for cell in team.cells()}
    assert developers_in(made[""].totals.runs) == {3, 4, 5}
    assert made["test"].exit_codes == {"0": made["test"].totals.runs}


def test_a_target_without_a_name_is_one_of_the_rest(team: Team) -> None:
    team.report(*(Runs(i, target="") for i in range(3)))
    team.publish()
    assert team.cells() == []
    team.publish(SETTLED)
    assert {name: developers_in(runs) for name, runs in team.visible_runs().items()} == {("shop", ""): {0, 1, 2}}


def test_many_rows_come_into_a_cell_by_several_transactions(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MAX_ROWS", 4)
    team.report(*(Runs(i, day=day) for i in range(5) for day in range(3)))
    changed = publishing.publish(team.database, 3, MONDAY + timedelta(days=7), True, lambda: False)
    assert changed == 4
    assert team.visible_runs() == {("shop", "test"): 3 * sum(BASE**i for i in range(5))}


def test_a_change_without_more_runs_does_not_count_towards_k(team: Team) -> None:
    team.report(*(Runs(i, code=None) for i in range(3)))
    team.publish()
    before = team.visible_runs()
    team.reported = [replace(one, code="0") for one in team.reported]  # a field more was agreed to
    team.report(Runs(0), Runs(1, runs=0), Runs(2, runs=0))
    team.publish()
    assert team.visible_runs() == before


def test_the_parts_of_a_cell_add_up_to_its_runs_when_somebody_is_forgotten(team: Team) -> None:
    team.report(*(Runs(i) for i in range(4)))
    team.publish()
    team.forget(0)
    team.publish(SETTLED)
    cell = team.cells()[0]
    assert cell.exit_codes == {"": cell.totals.runs}
    assert cell.checkouts == {"r::": cell.totals.runs}


def test_unknown_checkouts_are_in_the_rest(team: Team) -> None:
    team.report(*(Runs(i, branch=None if i == 0 else "default") for i in range(4)))
    team.report(*(Runs(i, target="build", branch=None if i < 3 else "default") for i in range(6)))
    team.publish(SETTLED)
    test, build = sorted(team.cells(), key=lambda cell: -len(cell.target))[1], team.cells()[0]
    assert test.checkouts == {"r::": test.totals.runs}
    assert {where: developers_in(runs) for where, runs in build.checkouts.items()} == {
        "r::": {0, 1, 2},
        "r:default:0": {3, 4, 5},
    }


def test_asking_for_fewer_developers_changes_no_week_that_is_shown(team: Team) -> None:
    team.k = 4
    team.report(*(Runs(i) for i in range(4)), *(Runs(i, day=7) for i in range(3)))
    team.publish()
    team.k = 3
    team.report(*(Runs(i, target="build") for i in range(3)))
    team.publish(14)
    assert {(cell.week, cell.target) for cell in team.cells()} == {
        (MONDAY, "test"),
        (MONDAY + timedelta(days=7), "test"),
    }
    team.k = 4
    assert {cell.week for cell in team.cells()} == {MONDAY}  # before anything was made anew


def test_fewer_developers_can_be_asked_for_until_something_is_shown(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    for team.k, shown in ((5, 0), (4, 0), (6, 0), (3, 1), (4, 0), (3, 0)):
        team.publish()
        assert len(team.cells()) == shown, team.k


def test_a_week_that_was_over_before_anything_was_shown_takes_a_smaller_k(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    team.k = 100
    team.publish(SETTLED)
    team.k = 3
    team.publish(SETTLED)
    assert [cell.exit_codes for cell in team.cells()] == [{"0": team.cells()[0].totals.runs}]


def test_no_number_of_developers_falls(team: Team) -> None:
    team.report(*(Runs(i) for i in range(6)))
    team.publish()
    team.forget(0)
    team.forget(1)
    team.report(*(Runs(i, day=1) for i in (2, 3, 4)))
    team.publish()
    everything = cells.CellFilter("shop", None, MONDAY, MONDAY)
    assert [cell.developers for cell in team.cells()] == [6]
    assert team.database.read(cells.read(everything, 3)).developers == {MONDAY: 6}


def test_a_project_s_developers_are_those_of_its_cells(team: Team) -> None:
    team.report(*(Runs(i) for i in range(5)), Runs(5, target="rare"), *(Runs(i, project=f"p-{i}") for i in (6, 7)))
    team.publish(SETTLED)
    assert developers_in(team.visible_runs()["", ""]) == {5, 6, 7}
    found = {
        name: team.database.read(cells.read(cells.CellFilter(name, None, MONDAY, MONDAY), 1)).developers[MONDAY]
        for name in ("shop", None)
    }
    assert found == {"shop": 5, None: 8}


def test_cells_without_rows_are_hidden_under_a_larger_k(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    team.publish()
    for developer in range(3):
        team.forget(developer)
    team.publish()
    assert [cell.developers for cell in team.cells()] == [3]
    team.k = 4
    team.publish()
    assert team.cells() == []


def test_of_two_processes_that_publish_a_week_one_gives_way(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    other = Team(team.database, team.k)
    other.connection, other.reported = team.connection, team.reported
    meanwhile = iter([other.publish, lambda: None])

    def stopped() -> bool:  # asked before each day is read
        next(meanwhile, lambda: None)()
        return False

    publishing.publish(team.database, 3, MONDAY + timedelta(days=7), everything=True, stopped=stopped)
    assert team.visible_runs() == {("shop", "test"): 1 + BASE + BASE**2}


def test_a_process_that_was_overtaken_changes_nothing(team: Team) -> None:
    week = publishing.Week(team.connection, MONDAY)
    team.report(*(Runs(i) for i in range(3)))
    for asked, days in ((4, 7), (3, 7), (4, 7), (4, CLOSED)):
        _, version, k = team.database.write(lambda db: publishing.begin_week(db, week, 3))
        team.k = asked
        team.publish(days)  # rows came into a cell, every cell was made anew, or the week was closed
        with pytest.raises(ConflictError):
            publishing.change_at_version(team.database, week, k, version, lambda _: None)


def test_a_week_that_cannot_be_published_holds_up_no_other(team: Team) -> None:
    team.report(*(Runs(i, day=day) for i in range(3) for day in (0, 7)))
    store = Store(team.url)
    store.change("UPDATE devtel_target_metrics SET exit_codes = 'odd' WHERE date = '2026-03-02'")
    with pytest.raises(ValueError, match="malformed"):
        team.publish(14)
    assert [cell.week for cell in team.cells()] == [MONDAY + timedelta(days=7)]


def test_a_row_of_another_sender_is_taken_as_far_as_it_makes_sense(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    store = Store(team.url)
    largest = 2**63 - 1
    store.change(
        "UPDATE devtel_target_metrics SET runs = :largest, failures = :largest, lost = 5, exit_codes = 'null',"
        " durations = :durations, checkouts = 'null'",
        largest=largest,
        durations=json.dumps({"3": largest}),
    )
    team.publish(SETTLED)
    cell = team.cells()[0]
    assert cell.totals.runs == 3 * float(largest)
    assert cell.totals.failures <= cell.totals.runs


def test_a_deleted_day_that_is_reported_again_is_not_counted_twice(team: Team) -> None:
    team.report(*(Runs(i, day=day) for i in range(3) for day in (0, 6)))
    team.publish()
    before = team.visible_runs()
    retention.delete_old(team.database, 30, MONDAY + timedelta(days=32), threading.Event())
    team.report(*(Runs(i) for i in range(3)))
    team.publish(32)
    assert team.visible_runs() == before


def test_a_stop_does_not_wait_for_a_week(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    asked = iter([False, True, True])
    publishing.publish(team.database, 3, MONDAY + timedelta(days=7), everything=True, stopped=lambda: next(asked))
    assert team.cells() == []
    team.publish()
    assert len(team.cells()) == 1


def test_a_week_has_a_limited_number_of_cells_and_its_further_targets_are_in_the_rest(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_CELLS", 2)
    team.report(*(Runs(i, target=f"t{number}") for i in range(3) for number in range(5)))
    team.publish()
    assert len(team.cells()) == 2
    team.report(*(Runs(i, target=f"t{number}", day=1) for i in range(3) for number in range(5)))
    team.publish()
    assert len(team.cells()) == 2
    team.publish(SETTLED)
    runs = team.visible_runs()
    assert len(runs) == 3
    assert runs["shop", ""] == 3 * 2 * (1 + BASE + BASE**2)


def test_weeks_with_few_reports_are_published_before_those_with_many(team: Team) -> None:
    team.report(*(Runs(i, day=day) for i in range(5) for day in range(5)))
    other = Team(team.database, name="other")
    other.report(*(Runs(i) for i in range(3)))
    found = team.database.read(lambda db: publishing.weeks(db, None))
    assert [week.connection for week in found] == [other.connection, team.connection]


RUNS = st.builds(
    Runs,
    developer=st.integers(0, 5),
    day=st.integers(0, 10),
    target=st.sampled_from(["test", "build", "rare"]),
    project=st.sampled_from(["shop", "search"]),
    branch=st.sampled_from(["default", "other", "unknown"]),
    age=st.sampled_from(["0", "1-7"]),
)
# What happens: reports, rounds of publishing some days after the first Monday, and developers who want to be forgotten.
STORY = st.lists(
    st.lists(RUNS, max_size=12).map(tuple) | st.sampled_from([7, SETTLED, 18, CLOSED]) | st.sampled_from("012"),
    max_size=9,
)


@pytest.mark.slow
@settings(max_examples=60)
@given(story=STORY, k=st.integers(1, 4))
def test_no_two_states_of_what_is_shown_differ_by_fewer_than_k_developers(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, story: list[tuple[Runs, ...] | int | str], k: int
) -> None:
    team = Team(open_database(copy_database(empty, tmp_path_factory.getbasetemp())), k)
    states: list[dict[tuple[str, str, str], float]] = [{}]
    now = 0
    for event in [*story, SETTLED, CLOSED]:
        if isinstance(event, int):
            now = max(now, event)
            team.publish(now)
            states.append({(str(c.week), c.project, c.target): c.totals.runs for c in team.cells()})
        elif isinstance(event, str):
            team.forget(int(event))
        elif now < CLOSED:
            team.report(*event)
    for before, after in combinations(states, 2):
        assert before.keys() <= after.keys()
        _nobody_is_found([after[name] - before.get(name, 0) for name in after], k)
    _nobody_is_found([value for state in states for value in state.values()], k)
    for cell in team.cells():
        leaves = [runs for key, runs in cell.checkouts.items() if key.startswith("r:")]
        _nobody_is_found(leaves, k)
        _nobody_is_found([sum(leaves) - part for part in leaves], k)
        _nobody_is_found([cell.totals.runs - sum(leaves)] if leaves else [], k)
        _nobody_is_found([cell.totals.runs - sum(cell.exit_codes.values())] if cell.exit_codes else [], k)
    shown = sum(cell.totals.runs for cell in team.cells())
    assert 0 <= shown <= sum(one.runs * BASE**one.developer for one in team.reported)
    if k == 1 and not team.gone:
        assert shown == sum(one.runs * BASE**one.developer for one in team.reported)
    team.database.close()


def _nobody_is_found(numbers: list[float], k: int) -> None:
    """Not in any of the numbers, nor in the sum of any two."""
    for number in numbers:
        assert not number or len(developers_in(number)) >= k
    for one, other in combinations(numbers, 2):
        assert len(developers_in(one + other)) >= k or one + other == 0


def test_what_is_new_of_a_row_is_what_it_has_more_than_before() -> None:
    before = {"runs": 2.0, "d:3": 1.0}
    after = {"runs": 3.0, "d:3": 1.0, "x:2": 1.0}
    assert counters.difference(before, after) == {"runs": 1.0, "x:2": 1.0}
    assert counters.difference(after, after) == {}

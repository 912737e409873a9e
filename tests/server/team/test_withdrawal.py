"""Withdrawing a developer's or a day's reports, with the published cells that contain them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from devtelemetry_cli.server.db.queries import pseudonym
from devtelemetry_cli.server.team import profile
from devtelemetry_cli.server.team.withdrawal import Wanted, Withdrawn, withdraw
from tests.helpers.report_server import run
from tests.helpers.team_factory import MONDAY, Runs, Team

KEY = b"the key of the pseudonyms"


@pytest.fixture
def team(url: str) -> Iterator[Team]:
    """Five developers of `test` in two weeks, and three others of `build` in the first."""
    team = Team.at(url)
    team.report(*(Runs(i, day=day) for i in range(5) for day in (0, 7)))
    team.report(*(Runs(i, target="build") for i in (5, 6, 7)))
    team.publish(8)
    yield team
    team.database.close()


def names(team: Team) -> set[tuple[str, str]]:
    return {(str(cell.week), cell.target) for cell in team.cells()}


@pytest.mark.parametrize("name", [f"{1:032x}", pseudonym(KEY, f"developer:{1:032x}")], ids=["ID", "pseudonym"])
def test_a_developers_reports_go_with_every_cell_that_contains_them(team: Team, name: str) -> None:
    assert withdraw(team.database, KEY, Wanted(developer=name)) == Withdrawn(reports=2, cells=2, weeks=2)
    assert names(team) == {("2026-03-02", "build")}
    team.publish(9)  # the cells do not come back without the developer: the difference would show one person
    team.report(*(Runs(i, day=1) for i in range(5)))
    team.publish(30)
    assert names(team) == {("2026-03-02", "build")}


def test_a_days_reports_go_with_their_cells(team: Team) -> None:
    done = withdraw(team.database, KEY, Wanted(day=MONDAY))
    assert done == Withdrawn(reports=8, cells=2, weeks=1)
    assert names(team) == {("2026-03-09", "test")}


def test_the_profile_of_a_week_goes_with_a_withdrawn_report_and_does_not_come_back(team: Team) -> None:
    def developers() -> list[int]:
        found = team.database.read(profile.read(MONDAY, MONDAY + timedelta(weeks=1), team.k))
        return [one.profile.developers for one in found]

    assert developers() == [6, 3]
    withdraw(team.database, KEY, Wanted(day=MONDAY))
    team.publish(9)
    assert developers() == [0, 3]


def test_rests_that_may_contain_a_report_go_too(team: Team) -> None:
    team.report(*(Runs(i, target=f"rare-{i}", day=2) for i in range(3)))
    team.publish(20)
    assert ("2026-03-02", "") in names(team)
    withdraw(team.database, KEY, Wanted(developer=f"{0:032x}", day=MONDAY + timedelta(days=2)))
    assert names(team) == {("2026-03-02", "build"), ("2026-03-02", "test"), ("2026-03-09", "test")}


def test_another_connection_and_another_developer_keep_everything(team: Team) -> None:
    before = names(team)
    assert withdraw(team.database, KEY, Wanted(developer="nobody")) == Withdrawn(0, 0, 0)
    assert withdraw(team.database, KEY, Wanted(day=MONDAY, connection=team.connection + 1)) == Withdrawn(0, 0, 0)
    assert names(team) == before


def test_the_command_says_what_was_withdrawn(team: Team, tmp_path) -> None:
    options = ("--database", team.url, "--connection", team.connection)
    done = run(tmp_path, "--withdraw-day", MONDAY.isoformat(), *options)
    assert done.stdout == "8 reports withdrawn, 2 published cells deleted, 1 weeks closed.\n", done.stderr
    assert run(tmp_path, "--connection", 1).returncode == 2

"""The profile of a week: developers, versions, the last report, and what waits, never about fewer than k."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.server.db.database import migrate, open_database
from devtelemetry_cli.server.db.tables import now
from devtelemetry_cli.server.team import profile
from devtelemetry_cli.server.team.adoption import Adoption, adoption
from devtelemetry_cli.server.team.profile import Profile
from tests.helpers.databases import copy_database
from tests.helpers.team_factory import MONDAY, Runs, Team

TODAY = MONDAY + timedelta(days=3)
SETTLED, CLOSED = MONDAY + timedelta(days=10), MONDAY + timedelta(days=105)


@pytest.fixture
def team(url: str) -> Iterator[Team]:
    team = Team.at(url)
    yield team
    team.database.close()


def shown(team: Team, today: date = TODAY) -> Adoption:
    """The adoption as a viewer sees it."""
    return adoption(team.database.read(profile.read(MONDAY, MONDAY + timedelta(weeks=20), team.k)), today)


def test_developers_are_shown_in_steps_of_k_even_where_no_target_is(team: Team) -> None:
    for reported, developers in ((2, []), (3, [3]), (5, [3]), (6, [6])):
        team.report(*(Runs(i, target=f"own-{i}") for i in range(reported)))
        team.publish()
        assert [week.developers for week in shown(team).weeks] == developers
    assert team.cells() == []


def test_versions_of_fewer_than_k_developers_are_not_shown(team: Team) -> None:
    for developer in range(7):
        team.environments[developer] = {"devtel": "0.2.0" if developer < 5 else "0.1.0", "make": "4.3"}
        team.report(Runs(developer))
    team.publish()
    assert shown(team).versions == {"devtel": {"0.2.0": 3}, "make": {"4.3": 6}}
    assert shown(team).versions_week == MONDAY


def test_a_developer_with_two_versions_counts_for_both(team: Team) -> None:
    for day, version in ((0, "0.1.0"), (1, "0.2.0")):
        for developer in range(3):
            team.environments[developer] = {"devtel": version}
            team.report(Runs(developer, day=day))
        team.publish()
    assert shown(team).versions["devtel"] == {"0.1.0": 3, "0.2.0": 3}


def test_the_last_report_is_the_day_since_which_k_developers_have_sent_one(team: Team) -> None:
    team.report(Runs(0), Runs(1))
    team.publish()
    assert shown(team).since is None
    team.report(Runs(2))
    team.publish()
    assert shown(team).since == now().date()


def test_waiting_reports_are_counted_with_the_day_on_which_their_rest_is_published(team: Team) -> None:
    team.report(*(Runs(i, day=day, target=f"own-{i}") for i in range(3) for day in range(2)))
    team.publish(3)
    (waiting,) = shown(team).waiting
    assert (waiting.week, waiting.developers, waiting.reports, waiting.until) == (MONDAY, 3, 6, SETTLED)
    team.publish(11)
    assert shown(team, SETTLED).waiting == []


def test_what_is_in_no_rest_waits_until_the_week_is_closed(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    team.publish(3)
    team.report(*(Runs(i, day=1, target=f"own-{i}", project=f"p-{i}") for i in range(2)))
    team.publish(11)
    assert shown(team, SETTLED).waiting == []  # of two developers
    team.report(Runs(2, day=2))  # a third, but only two have runs that fit together
    team.publish(12)
    (waiting,) = shown(team, SETTLED).waiting
    assert (waiting.developers, waiting.reports, waiting.until) == (3, 3, CLOSED)


def test_reports_of_fewer_than_k_developers_wait_uncounted(team: Team) -> None:
    team.report(*(Runs(0, day=day) for day in range(5)), Runs(1))
    team.publish()
    assert team.database.read(profile.read(MONDAY, MONDAY, team.k))[0].profile == Profile()


def test_no_number_falls_when_somebody_is_erased(team: Team) -> None:
    for developer in range(3):
        team.environments[developer] = {"devtel": "0.2.0", "make": "4.3"}
        team.report(Runs(developer))
    team.publish()
    before = shown(team)
    team.forget(0)
    team.publish()
    assert shown(team) == before


def test_publishing_again_changes_no_week(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)), Runs(3, target="rare"))
    team.publish()
    turns = "SELECT turn FROM devtel_team_weeks"
    before = team.database.read(lambda db: db.exec_driver_sql(turns).scalars().all())
    team.publish()
    assert team.database.read(lambda db: db.exec_driver_sql(turns).scalars().all()) == before


def test_a_larger_k_hides_a_profile_at_once(team: Team) -> None:
    team.report(*(Runs(i) for i in range(3)))
    team.publish()
    team.k = 4
    assert shown(team).weeks == []


def test_weeks_without_developers_between_others_are_shown() -> None:
    weeks = [
        profile.WeekProfile(profile.Week(1, MONDAY + timedelta(weeks=n)), Profile(developers=3), True) for n in (0, 2)
    ]
    assert [(week.developers, week.over) for week in adoption(weeks, MONDAY + timedelta(days=15)).weeks] == [
        (3, True),
        (0, True),
        (3, False),
    ]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and nothing in them."""
    file = tmp_path_factory.mktemp("empty") / "reports.db"
    migrate(f"sqlite:///{file}")
    return file


EVENTS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"])),
    max_size=9,
)


@settings(max_examples=15, deadline=None)
@given(events=EVENTS, gone=st.integers(0, 6), k=st.integers(2, 4))
def test_every_number_that_rises_is_about_k_more_developers_or_the_first_k(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, int, str, str]], gone: int, k: int
) -> None:
    """Between two states a number rises by multiples of k only, and never falls; none is about fewer than k."""
    team = Team(open_database(copy_database(empty, tmp_path_factory.getbasetemp())), k)
    states = [Profile()]
    people: dict[str, set[int]] = {}
    for number, (developer, day, target, version) in enumerate(events):
        team.environments[developer] = {"devtel": version}
        people.setdefault(version, set()).add(developer)
        team.report(Runs(developer, day=day, target=target))
        if number == 5:
            team.forget(gone)
        team.publish()
        states += [one.profile for one in team.database.read(profile.read(MONDAY, MONDAY, k))]
    for before, after in pairwise(states):
        assert after.developers >= before.developers
        for version, count in after.versions.get("devtel", {}).items():
            assert count >= before.versions.get("devtel", {}).get(version, 0)
            assert count % k == 0
            assert k <= count <= len(people[version])
        for count in (after.developers, after.waiting_developers, after.waiting_reports):
            assert count % k == 0
        assert bool(after.waiting_reports) <= (after.waiting_developers >= k)
    team.database.close()

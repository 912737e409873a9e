"""An adversary who keeps every answer of digest, metrics, events and adoption, and subtracts them.

Each row, one developer's runs of a target on a day, is a digit of its own in whatever is added up and subtracted.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from devtelemetry_cli.server.db.events import Event
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.team import cells, events, exposition, profile
from devtelemetry_cli.server.team.adoption import adoption
from devtelemetry_cli.server.team.digest import digest, span_of
from tests.helpers.report_server import revised
from tests.helpers.team_factory import MONDAY, Runs, Team, developers_in

BASE = 3  # a difference has the digits -1, 0 and 1
WEEKS = 3
TODAY = MONDAY + timedelta(weeks=WEEKS)


class Told(NamedTuple):
    """A developer's runs of a target of a project on a day after MONDAY."""

    developer: int
    day: int
    target: str = "test"
    project: str = "shop"


@pytest.fixture
def team(url: str) -> Iterator[Team]:
    team = Team.at(url)
    yield team
    team.database.close()


def rows() -> list[Told]:
    """Weeks in which groups of three and four developers overlap, and single ones have runs of their own."""
    told: list[Told] = []
    for week in range(WEEKS):
        first = 7 * week
        told += [Told(developer, first) for developer in range(week, 3 + week + week % 2)]
        told += [Told(developer, first + 1, "build") for developer in range(3)]
        told += [Told(4, first + 2, "alone"), Told(5, first + 2, project="alone"), Told(6, first + 3)]
    return told


def store(team: Team, told: list[Told], days: range) -> None:
    """Report these days of all developers."""
    for developer, day in dict.fromkeys((one.developer, one.day) for one in told if one.day in days):
        wire = [
            {"project": one.project, "target": one.target, "runs": BASE**digit, "durations": {"0": BASE**digit}}
            for digit, one in enumerate(told)
            if (one.developer, one.day) == (developer, day)
        ]
        body = {
            "date": (MONDAY + timedelta(days=day)).isoformat(),
            "developer": f"{developer:032x}.host",
            "metrics": revised(1, targets=tuple(wire)),
        }
        team.store(read_report(json.dumps(body).encode(), TODAY))


def numbers(team: Team) -> Iterator[int]:
    """The runs in every answer."""
    for week in range(WEEKS):
        for project in (None, "shop", "alone", ""):
            yield from _of_digest(team, MONDAY + timedelta(weeks=week), project)
    for target in ("test", "build", "alone", ""):
        for day in range(7 * WEEKS):
            yield from _of_event(team, MONDAY + timedelta(days=day), target)


def _of_digest(team: Team, week: date, project: str | None) -> Iterator[int]:
    wanted = cells.CellFilter(project, None, *span_of(week))
    shown = digest(team.database.read(cells.read(wanted, team.k)), team.k, week)
    yield from (shown.totals.runs, *(target.totals.runs for target in shown.targets))
    for change in (*shown.changes.slower, *shown.changes.faster, *shown.changes.fragile, *shown.changes.robust):
        yield from (change.before.runs, change.now.runs)
    text, _ = exposition.render(shown, adoption([], TODAY))
    for family in text_string_to_metric_families(text.decode()):
        if family.name == "devtel_team_target_runs":
            yield from (int(sample.value) for sample in family.samples)


def _of_event(team: Team, day: date, target: str) -> Iterator[int]:
    event = Event(day, "noted by the adversary", "", 1)
    wanted = cells.CellFilter("shop", target, *events.needed([event]))
    found = team.database.read(cells.read(wanted, team.k)).cells
    for one in events.effects([event], found, TODAY):
        if one.effect:
            yield from (one.effect.before.runs, one.effect.now.runs)


def test_no_two_numbers_of_any_time_and_filter_differ_by_fewer_than_k_developers(team: Team) -> None:
    told, answers = rows(), {0}
    assert BASE ** len(told) < 2**53  # sums are exact
    for days in (7, 14, 21, 32, 120):
        store(team, told, range(days))
        team.publish(days)
        answers |= set(numbers(team))
        if days == 21:
            team.forget(1)
    assert len(answers) > 12
    for one, other in combinations(answers, 2):
        assert len({told[digit].developer for digit in developers_in(one - other, BASE)}) >= team.k


def test_adoption_says_the_same_whatever_an_erased_developer_had(team: Team) -> None:
    """Two teams that differ in one developer beyond the steps of k have one and the same adoption."""
    for developer in range(4):
        team.environments[developer] = {"devtel": "0.2.0", "make": "4.3"}
        team.report(Runs(developer))
    team.publish()
    before = team.database.read(profile.read(MONDAY, MONDAY, team.k))
    team.forget(3)
    team.publish()
    assert team.database.read(profile.read(MONDAY, MONDAY, team.k)) == before

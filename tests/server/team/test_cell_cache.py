"""The cache of decoded cells: always the cells that a read without it has."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from devtelemetry_cli.server.db import connections
from devtelemetry_cli.server.team import cells
from devtelemetry_cli.server.team.cell_cache import CellCache
from tests.helpers.databases import Store
from tests.helpers.team_factory import MONDAY, Runs, Team

EVERYTHING = cells.CellFilter(None, None, date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def team(url: str) -> Iterator[Team]:
    team = Team.at(url)
    yield team
    team.database.close()


def figures(found: list[cells.Cell]) -> set[tuple[object, ...]]:
    """What the overview reads of cells."""
    return {(one.week, one.connection, one.project, one.target, one.developers, one.totals) for one in found}


def cached(team: Team, cache: CellCache, wanted: cells.CellFilter = EVERYTHING) -> set[tuple[object, ...]]:
    """The cells by the cache."""
    return figures(team.database.read(lambda db: cache.read(db, wanted, team.k)))


def test_every_change_of_a_week_is_seen(team: Team) -> None:
    cache = CellCache()
    team.report(*(Runs(i) for i in range(4)), *(Runs(i, day=7) for i in range(3)))
    team.publish()
    assert cached(team, cache) == figures(team.cells()) != set()
    team.report(*(Runs(i, day=1) for i in range(3)), *(Runs(i, target="build") for i in range(3)))
    team.publish()
    assert cached(team, cache) == figures(team.cells())
    assert len(cached(team, cache)) == 3
    team.k = 4
    assert cached(team, cache) == figures(team.cells()) == set()
    team.publish()
    assert cached(team, cache) == figures(team.cells())
    team.database.write(lambda db: connections.remove(db, team.connection))
    assert cached(team, cache) == set()


def test_a_week_is_read_once(team: Team) -> None:
    cache = CellCache()
    team.report(*(Runs(i) for i in range(3)))
    team.publish()
    before = cached(team, cache)
    Store(team.url).change("DELETE FROM devtel_team_cells")  # as nothing does: the week's row stays as it is
    assert cached(team, cache) == before


def test_weeks_and_project_are_those_of_the_filter(team: Team) -> None:
    cache = CellCache()
    team.report(*(Runs(i, day=day, project=name) for i in range(3) for day in (0, 7) for name in ("shop", "search")))
    team.publish()
    for wanted in (
        cells.CellFilter("shop", None, MONDAY, MONDAY),
        cells.CellFilter("none", None, MONDAY, MONDAY),
        cells.CellFilter(None, None, MONDAY + timedelta(days=7), MONDAY + timedelta(days=7)),
    ):
        found = team.database.read(cells.read(wanted, team.k)).cells
        assert cached(team, cache, wanted) == figures(found)


def test_the_cache_is_bounded_and_still_right(team: Team) -> None:
    cache = CellCache(most_cells=1)
    team.report(*(Runs(i, day=day) for i in range(3) for day in (0, 7)))
    team.publish()
    assert cached(team, cache) == figures(team.cells())
    Store(team.url).change("DELETE FROM devtel_team_cells")
    assert len(cached(team, cache)) <= 1

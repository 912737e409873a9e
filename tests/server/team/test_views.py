"""The adversary at the pages: every figure of every view and filter, kept and subtracted from every other.

Each row counts its runs, and its seconds, as a digit of its own, so that a difference of two figures has a digit that
is not 0 for each row that it is about (team_factory.py).
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import pytest

from devtelemetry_cli.server.db.database import open_database
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.team import cells, comparison, stacks
from devtelemetry_cli.server.team.cell_cache import CellCache
from devtelemetry_cli.server.team.cells import CellFilter, CellResult
from devtelemetry_cli.server.team.detail import detail
from devtelemetry_cli.server.team.overview import overview
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.statistics import Summary
from devtelemetry_cli.server.team.totals import Totals
from tests.helpers.report_server import revised
from tests.helpers.team_factory import MONDAY, Runs, Team, developers_in

BASE = 5  # digits from -2 to 2: a difference of two differences
PARTS = 8  # of a run, each waited for a second: seconds are limited, and stored with three decimals
K = 3
TOLD = (
    *(Runs(i, day=0, target="test") for i in range(4)),
    *(Runs(i, day=7, target="test") for i in range(1, 4)),
    *(Runs(i, day=7, target="test", project="search") for i in range(4)),
    *(Runs(i, day=0, target="build") for i in range(3)),
    *(Runs(i, day=7, target=f"rare-{i}") for i in range(3)),
    Runs(0, day=0, target="rare"),
    Runs(4, day=7, target="alone", project="alone"),
)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team of five: rows for cells, for a project's rest, and some that are never shown."""
    folder = tmp_path_factory.mktemp("views")
    with closing(open_database(f"sqlite:///{folder}/reports.db")) as opened:
        team = Team(opened, K)
        for developer, day in dict.fromkeys((one.developer, one.day) for one in TOLD):
            body = {
                "date": (MONDAY + timedelta(days=day)).isoformat(),
                "developer": f"{developer:032x}.host",
                "metrics": revised(1, targets=tuple(_rows(developer, day))),
            }
            team.store(read_report(json.dumps(body).encode(), MONDAY + timedelta(days=400)))
        yield team


def _rows(developer: int, day: int) -> Iterator[dict[str, object]]:
    for digit, one in enumerate(TOLD):
        if (one.developer, one.day) == (developer, day):
            count = BASE**digit
            yield {"project": one.project, "target": one.target, "runs": count, "waited_seconds": count / PARTS}


def figures(team: Team, today: date) -> Iterator[float]:
    """Every sum and every difference of runs and of seconds that a page shows, for every filter."""
    cache = CellCache()
    for project in (None, "shop", "search", "alone", ""):
        for first, last in ((-1, 0), (-1, 1), (-1, 2), (0, 0), (0, 1), (0, 2), (1, 1), (1, 2)):
            wanted = CellFilter(project, None, MONDAY + timedelta(weeks=first), MONDAY + timedelta(weeks=last))
            yield from _overview_figures(team, cache, wanted, today)
            for target in ("test", "rare-0", ""):
                yield from _target_figures(team, replace(wanted, project=project or "", target=target), today)


def _overview_figures(team: Team, cache: CellCache, wanted: CellFilter, today: date) -> Iterator[float]:
    period = Period.of(wanted, today)
    wide = replace(wanted, first=period.before)
    found = team.database.read(lambda db: cells.result(db, wide, K, cache.read(db, wide, K)))
    shown = overview(CellResult(found.cells, found.developers, found.projects, True), period, K)
    yield from _summary_figures(shown)
    for target in shown.targets:
        yield target.totals.runs
        yield from _runs(target.waited, target.waited_before, target.growth, *target.weekly.values())
        yield from _sums(target.sides.now, target.sides.before)
    for grouping in (stacks.of_project, stacks.of_target):
        for layer in stacks.layers(shown, grouping):
            whole = sum(layer.weekly.values())
            yield from _runs(*layer.weekly.values(), layer.before, whole, whole - layer.before)
    compared = comparison.compare(found.cells, today)
    for change in (*compared.slower, *compared.fragile):
        yield from _sums(change.now, change.before)


def _target_figures(team: Team, wanted: CellFilter, today: date) -> Iterator[float]:
    period = Period.of(wanted, today)
    found = team.database.read(cells.read(replace(wanted, first=period.before), K))
    yield from _summary_figures(detail(found.cells, period, K))


def _summary_figures(shown: Summary) -> Iterator[float]:
    yield from _sums(shown.totals, shown.sides.now, shown.sides.before, *(week.totals for week in shown.weeks))


def _sums(*groups: Totals | None) -> Iterator[float]:
    for one in groups:
        if one is not None:
            yield from (one.runs, *_runs(one.waited))


def _runs(*seconds: float) -> Iterator[float]:
    """The runs that these seconds were waited for."""
    yield from (PARTS * one for one in seconds)


def test_no_two_figures_of_any_view_can_be_subtracted_to_find_fewer_than_k(team: Team) -> None:
    seen = {0.0}
    for days in (8, 20, 130):  # the second week runs, is settled, is closed
        team.publish(days)
        seen |= set(figures(team, MONDAY + timedelta(days=days)))
    assert len(seen) > 15
    for one, other in combinations(seen, 2):
        assert len({TOLD[digit].developer for digit in developers_in(one - other, BASE)}) >= K, (one, other)


def test_developers_are_shown_in_steps_of_k_in_every_view(team: Team) -> None:
    team.publish(20)
    today = MONDAY + timedelta(days=20)
    period = Period.of(CellFilter(None, None, MONDAY, MONDAY + timedelta(weeks=1)), today)
    found = team.database.read(cells.read(CellFilter(None, None, MONDAY, MONDAY + timedelta(weeks=1)), K))
    shown = overview(found, period, K)
    numbers = [shown.developers, *(week.developers for week in shown.weeks), *(it.developers for it in shown.targets)]
    assert all(number % K == 0 for number in numbers)
    assert shown.per_developer == sum(week.totals.waited for week in shown.weeks) / sum(numbers[1:3])

"""Published cells: the only source of the pages, and of JSON and CSV for the team."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, select

from devtelemetry_cli.server.db.tables import team_cells, team_weeks
from devtelemetry_cli.server.team.counters import Counters, from_text

DEFAULT_WEEKS = 12
_OF_WEEK = and_(team_cells.c.connection_id == team_weeks.c.connection_id, team_cells.c.week == team_weeks.c.week)


@dataclass(frozen=True)
class CellFilter:
    """Which cells; None is all. Weeks are named by their Mondays, both are included."""

    project: str | None
    target: str | None
    first: date
    last: date


@dataclass(frozen=True)
class Cell:
    """Totals of one target's runs in one week, of at least k `developers`; an empty `target` is a project's rest."""

    week: date
    project: str
    target: str
    developers: int
    measures: Counters
    exit_codes: Counters
    checkouts: Counters


@dataclass(frozen=True)
class CellResult:
    """The cells of a filter, the developers of each week, and the projects to choose from."""

    cells: list[Cell]
    developers: dict[date, int]
    projects: list[str]
    reported: bool  # whether there ever was a report


def monday(day: date) -> date:
    """The Monday of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def read(wanted: CellFilter, k: int) -> Callable[[Connection], CellResult]:
    """A function that reads the cells of a filter, except those of weeks with a k smaller than `k`.

    Such weeks exist until the publisher has made them anew for a larger `k`, or for ever if their rows are gone.
    """
    return lambda db: CellResult(
        cells=[_cell(row) for row in db.execute(_query(wanted, k))],
        developers=_developers(db, wanted, k),
        projects=_projects(db, k),
        reported=db.execute(select(team_weeks.c.week).limit(1)).first() is not None,
    )


def _query(wanted: CellFilter, k: int) -> Select[Any]:
    c = team_cells.c
    query = select(team_cells).join(team_weeks, _OF_WEEK).where(team_weeks.c.k >= k)
    query = query.where(c.week.between(wanted.first, wanted.last))
    if wanted.project is not None:
        query = query.where(c.project == wanted.project)
    if wanted.target is not None:
        query = query.where(c.target == wanted.target)
    return query.order_by(c.week, c.project, c.target, c.connection_id)


def _developers(db: Connection, wanted: CellFilter, k: int) -> dict[date, int]:
    """The developers of each week, of the project or of all, rounded down per connection."""
    found: dict[date, int] = {}
    query = select(team_weeks.c.week, team_weeks.c.developers).where(team_weeks.c.k >= k)
    for row in db.execute(query.where(team_weeks.c.week.between(wanted.first, wanted.last))):
        counted = json.loads(row.developers).get(wanted.project or "", 0)
        found[row.week] = found.get(row.week, 0) + rounded_down(counted, k)
    return found


def rounded_down(developers: int, k: int) -> int:
    """A number of developers as it may be shown: a multiple of k."""
    return developers - developers % k


def _projects(db: Connection, k: int) -> list[str]:
    c = team_cells.c
    query = select(c.project).join(team_weeks, _OF_WEEK).where(team_weeks.c.k >= k, c.project != "")
    return list(db.scalars(query.distinct().order_by(c.project)))


def _cell(row: Row[Any]) -> Cell:
    return Cell(
        week=row.week,
        project=row.project,
        target=row.target,
        developers=row.developers,
        measures=from_text(row.measures),
        exit_codes=from_text(row.exit_codes),
        checkouts=from_text(row.checkouts),
    )

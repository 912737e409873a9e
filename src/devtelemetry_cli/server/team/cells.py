"""Published cells: the only source of the pages, and of JSON and CSV for the team."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, func, select

from devtelemetry_cli.server.db.tables import team_cells, team_weeks
from devtelemetry_cli.server.responses import RefusedError
from devtelemetry_cli.server.team.counters import Counters, from_text
from devtelemetry_cli.server.team.totals import Totals, totals

DEFAULT_WEEKS = 12
_OF_WEEK = and_(team_cells.c.connection_id == team_weeks.c.connection_id, team_cells.c.week == team_weeks.c.week)
# The projects of each week: far fewer rows than cells to join with the weeks.
_PROJECTS = select(team_cells.c.connection_id, team_cells.c.week, team_cells.c.project).distinct().subquery()
_WEEK_OF_PROJECT = and_(_PROJECTS.c.connection_id == team_weeks.c.connection_id, _PROJECTS.c.week == team_weeks.c.week)


@dataclass(frozen=True)
class CellFilter:
    """Which cells; None is all. Weeks are named by their Mondays, both are included."""

    project: str | None
    target: str | None
    first: date
    last: date
    connection: int | None = None


class Cell(msgspec.Struct, frozen=True, gc=False):  # in no cycle: the collector need not visit thousands
    """Totals of one target's runs in one week, of at least k `developers`; an empty `target` is a project's rest."""

    week: date
    connection: int
    project: str
    target: str
    developers: int
    totals: Totals
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
    return lambda db: result(db, wanted, k, [_cell(row) for row in db.execute(_query(wanted, k))])


def result(db: Connection, wanted: CellFilter, k: int, cells: list[Cell]) -> CellResult:
    """These `cells` of a filter with the developers of its weeks, and the projects to choose from."""
    return CellResult(
        cells=cells,
        developers=_developers(db, wanted, k),
        projects=_projects(db, k),
        reported=db.execute(select(team_weeks.c.week).limit(1)).first() is not None,
    )


def read_page(
    wanted: CellFilter, k: int, page: int, size: int | None
) -> Callable[[Connection], tuple[int, list[Cell]]]:
    """A function that reads the number of cells of a filter, and one page of them; without `size` all.

    RefusedError 404 for a project without any published cell, so that it is not taken for an empty one.
    """

    def read(db: Connection) -> tuple[int, list[Cell]]:
        if wanted.project is not None and not _is_published(db, wanted.project, k, wanted.connection):
            raise RefusedError(404, "no such project has published rows")
        query = _query(wanted, k)
        count = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        if size is not None:
            query = query.limit(size).offset((page - 1) * size)
        return count, [_cell(row) for row in db.execute(query)]

    return read


def projects(db: Connection, k: int, connection: int | None) -> list[dict[str, Any]]:
    """Each project with published cells: its connections, and the Mondays of its first and its last week."""
    c = _PROJECTS.c
    query = select(c.project, c.connection_id, func.min(c.week).label("first"), func.max(c.week).label("last"))
    query = query.join(team_weeks, _WEEK_OF_PROJECT).where(team_weeks.c.k >= k).group_by(c.project, c.connection_id)
    if connection is not None:
        query = query.where(c.connection_id == connection)
    found: dict[str, dict[str, Any]] = {}
    for row in db.execute(query.order_by(c.project, c.connection_id)):
        first, last = row.first.isoformat(), row.last.isoformat()
        one = found.setdefault(row.project, {"project": row.project, "connections": [], "first": first, "last": last})
        one["connections"].append(row.connection_id)
        one["first"], one["last"] = min(one["first"], first), max(one["last"], last)
    return list(found.values())


def _is_published(db: Connection, project: str, k: int, connection: int | None) -> bool:
    c = team_cells.c
    query = select(c.week).join(team_weeks, _OF_WEEK).where(team_weeks.c.k >= k, c.project == project)
    if connection is not None:
        query = query.where(c.connection_id == connection)
    return db.execute(query.limit(1)).first() is not None


def _query(wanted: CellFilter, k: int) -> Select[Any]:
    c = team_cells.c
    query = select(team_cells).join(team_weeks, _OF_WEEK).where(team_weeks.c.k >= k)
    query = query.where(c.week.between(wanted.first, wanted.last))
    for column, value in ((c.project, wanted.project), (c.target, wanted.target), (c.connection_id, wanted.connection)):
        if value is not None:
            query = query.where(column == value)
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
    c = _PROJECTS.c
    query = select(c.project).join(team_weeks, _WEEK_OF_PROJECT).where(team_weeks.c.k >= k, c.project != "")
    return list(db.scalars(query.distinct().order_by(c.project)))


def _cell(row: Row[Any]) -> Cell:
    return Cell(
        week=row.week,
        connection=row.connection_id,
        project=row.project,
        target=row.target,
        developers=row.developers,
        totals=totals(from_text(row.measures)),
        exit_codes=from_text(row.exit_codes),
        checkouts=from_text(row.checkouts),
    )

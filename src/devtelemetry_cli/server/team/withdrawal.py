"""Withdrawing reports: a developer's or a day's reports are deleted, with every published cell that may contain them.

A cell without them could be subtracted from the one before, and would isolate a developer. So the cells go as a
whole, and their weeks are closed: nothing more is published of them.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from devtelemetry_cli.model.metrics import anonymous_id
from devtelemetry_cli.server.db.database import Database
from devtelemetry_cli.server.db.queries import pseudonym
from devtelemetry_cli.server.db.tables import DAY_KEY, daily_metrics, target_metrics, team_cells, team_weeks
from devtelemetry_cli.server.team.breakdown import REST
from devtelemetry_cli.server.team.unpublished import CLOSED, Week


@dataclass(frozen=True)
class Wanted:
    """The reports to withdraw; None is all. `developer` is an anonymous ID or a pseudonym."""

    developer: str | None = None
    day: date | None = None
    connection: int | None = None


@dataclass(frozen=True)
class Withdrawn:
    """The numbers of deleted reports and cells, and of closed weeks."""

    reports: int
    cells: int
    weeks: int


def withdraw(database: Database, pseudonym_key: bytes, wanted: Wanted) -> Withdrawn:
    """Delete the wanted reports and the cells that may contain them, week by week."""
    by_week: dict[Week, list[Row[Any]]] = {}
    for row in database.read(partial(_reports, wanted=wanted, key=pseudonym_key)):
        by_week.setdefault(Week.of_day(row.connection_id, row.date), []).append(row)
    cells = sum(database.write(partial(_withdraw, week=week, rows=rows)) for week, rows in by_week.items())
    return Withdrawn(sum(map(len, by_week.values())), cells, len(by_week))


def _reports(db: Connection, wanted: Wanted, key: bytes) -> list[Row[Any]]:
    c = daily_metrics.c
    query = select(*(c[name] for name in DAY_KEY))
    for column, value in ((c.date, wanted.day), (c.connection_id, wanted.connection)):
        if value is not None:
            query = query.where(column == value)
    if wanted.developer is None:
        return list(db.execute(query))
    return [row for row in db.execute(query) if _is_developer(row.developer_id, wanted.developer, key)]


def _is_developer(developer_id: str, wanted: str, key: bytes) -> bool:
    person = anonymous_id(developer_id)
    return wanted in (person, pseudonym(key, f"developer:{person}"))


def _withdraw(db: Connection, week: Week, rows: list[Row[Any]]) -> int:
    """Delete the rows and their cells; the number of cells."""
    names = {REST: {REST}}
    for row in rows:
        same_report = and_(*(target_metrics.c[name] == getattr(row, name) for name in DAY_KEY))
        for target in db.execute(select(target_metrics.c.project, target_metrics.c.target).where(same_report)):
            names.setdefault(target.project, {REST}).add(target.target)
    closed = {"state": CLOSED, "turn": team_weeks.c.turn + 1, "developers": "{}", "profile": None}
    db.execute(update(team_weeks).where(week.of(team_weeks)).values(closed))
    for row in rows:  # foreign keys cascade to devtel's own tables
        db.execute(delete(daily_metrics).where(*(daily_metrics.c[name] == getattr(row, name) for name in DAY_KEY)))
    c = team_cells.c
    contained = or_(*(and_(c.project == project, c.target.in_(targets)) for project, targets in names.items()))
    return db.execute(delete(team_cells).where(week.of(team_cells), contained)).rowcount

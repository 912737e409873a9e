"""The rows of a week of which something is not shown yet: not at all, or only as an earlier report had it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, select

from devtelemetry_cli.receiver.tables import reports, target_metrics, team_cells, team_shown, team_weeks
from devtelemetry_cli.receiver.team import measures

DAY = ("connection_id", "developer_id", "date")
ROW = (*DAY, "project", "target")


@dataclass(frozen=True)
class Week:
    """A connection's week, by its Monday."""

    connection: int
    monday: date

    def of(self, table: Table) -> ColumnElement[bool]:
        """The rows of `table` that belong to it."""
        by_week = table in (team_cells, team_weeks)
        days = table.c.week == self.monday if by_week else table.c.date.between(self.monday, self.last)
        return and_(table.c.connection_id == self.connection, days)

    @property
    def last(self) -> date:
        """Its Sunday."""
        return self.monday + timedelta(days=6)


@dataclass(frozen=True)
class Pending:
    """A row of which something is not shown yet: what is new of it, and all that it amounts to."""

    row: Row[Any]
    new: measures.Measures
    whole: measures.Measures


def waiting(query: Select[Any], week: Week) -> Select[Any]:
    """`query` over the rows of which the latest report is not shown."""
    reported = and_(*(target_metrics.c[name] == reports.c[name] for name in DAY))
    shown = and_(*(target_metrics.c[name] == team_shown.c[name] for name in ROW))
    joined = target_metrics.join(reports, reported).outerjoin(team_shown, shown)
    is_new = team_shown.c.received_at.is_(None) | (team_shown.c.received_at != reports.c.received_at)
    return query.select_from(joined).where(week.of(target_metrics), is_new)


def find(db: Connection, week: Week, named: ColumnElement[bool] | None = None) -> list[Pending]:
    """Those rows of the week, or of what is `named`."""
    extra = (
        reports.c.anonymous_id,
        reports.c.received_at,
        team_shown.c.measures.label("shown"),
        team_shown.c.folded,
    )
    query = waiting(select(target_metrics, *extra), week)
    rows = db.execute(query if named is None else query.where(named))
    return [_compared(row) for row in rows]


def _compared(row: Row[Any]) -> Pending:
    whole = measures.of_row(dict(row._mapping))
    return Pending(row, measures.change(measures.from_text(row.shown) if row.shown else {}, whole), whole)


def developers(rows: Iterable[Pending]) -> set[str]:
    """Those of whom there is really something new: a report that says the same again hides nobody."""
    return {one.row.anonymous_id for one in rows if one.new}

"""The rows of a week that are not published yet, or only as an earlier report had them."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, bindparam, select

from devtelemetry_cli.server.db.tables import (
    DAY_KEY,
    reports,
    same_day,
    target_metrics,
    team_cells,
    team_shown,
    team_weeks,
)
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import monday

ROW = (*DAY_KEY, "project", "target")
OPEN, SETTLED, CLOSED = "open", "settled", "closed"  # the states of a week
SETTLED_AFTER = timedelta(days=10)  # from its Monday: three days for reports that come late
CLOSED_AFTER = timedelta(days=105)  # a client gives a day up after 90


@dataclass(frozen=True)
class Week:
    """A connection's week, by its Monday."""

    connection: int
    monday: date

    @classmethod
    def of_day(cls, connection: int, day: date) -> "Week":
        """The week of a day."""
        return cls(connection, monday(day))

    def of(self, table: Table) -> ColumnElement[bool]:
        """The rows of `table` that belong to it."""
        by_week = table in (team_cells, team_weeks)
        days = table.c.week == self.monday if by_week else table.c.date.between(self.monday, self.days[-1])
        return and_(table.c.connection_id == self.connection, days)

    def rests_on(self, today: date) -> date:
        """The next day on which rows that are in no cell yet are published in a rest, if they are enough."""
        settled = self.monday + SETTLED_AFTER
        return settled if today < settled else self.monday + CLOSED_AFTER

    @property
    def days(self) -> list[date]:
        """Monday to Sunday."""
        return [self.monday + timedelta(days=number) for number in range(7)]


@dataclass
class Group:
    """Unpublished rows of one project and target: their new counters, and their developers.

    `reports` are their reports (developer key and day); `shown` has the rows of devtel_team_shown to write once the
    group is in a cell, but for `folded`.
    """

    new: counters.Counters = field(default_factory=dict)
    developers: set[str] = field(default_factory=set)
    reports: set[tuple[str, date]] = field(default_factory=set)
    shown: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: Row[Any]) -> None:
        """Add a row. Its developer counts towards k only if it has more runs than are published already."""
        whole = counters.from_row(row._mapping)
        new = counters.difference(counters.from_text(row.shown), whole) if row.shown else whole
        counters.add(self.new, new)
        if new.get("runs", 0) > 0:
            self.developers.add(row.anonymous_id)
            self.reports.add((row.developer_id, row.date))
        self.shown.append(
            {
                **{"connection_id": row.connection_id, "developer_id": row.developer_id, "date": row.date.isoformat()},
                **{"project": row.project, "target": row.target, "person": row.anonymous_id},
                "received_at": row.received_at.isoformat(" ", "microseconds"),
                "measures": counters.to_text(whole),
            }
        )

    def merge(self, other: "Group") -> None:
        """Add the rows of `other`."""
        counters.add(self.new, other.new)
        self.developers |= other.developers
        self.reports |= other.reports
        self.shown += other.shown


def _unpublished_rows() -> Select[Any]:
    reported = same_day(target_metrics, reports)
    shown = and_(*(target_metrics.c[name] == team_shown.c[name] for name in ROW))
    columns = (
        *(reports.c.anonymous_id, reports.c.received_at),
        *(team_shown.c.measures.label("shown"), team_shown.c.folded),
    )
    query: Select[Any] = select(target_metrics, *columns).select_from(
        target_metrics.join(reports, reported).outerjoin(team_shown, shown)
    )
    of_day = on_day(target_metrics)
    is_new = team_shown.c.received_at.is_(None) | (team_shown.c.received_at != reports.c.received_at)
    return query.where(of_day, is_new)


def on_day(table: Table) -> ColumnElement[bool]:
    """The rows of `table` of a connection's day, both given at the execution."""
    return and_(table.c.connection_id == bindparam("connection"), table.c.date == bindparam("day"))


_ROWS = _unpublished_rows()


def rows_of_day(db: Connection, week: Week, day: date) -> list[Row[Any]]:
    """The rows of a day whose latest report is not published, each with its published part."""
    return list(db.execute(_ROWS, {"connection": week.connection, "day": day}))

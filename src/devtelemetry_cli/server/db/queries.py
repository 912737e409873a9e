"""Queries for single developers' rows, per day or per target of a day, with a pseudonym in place of the developer.

These rows are for the administrator only. Everything shown to more people covers at least k developers (team/).
"""

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, exists, func, select

from devtelemetry_cli.model.metrics import anonymous_id
from devtelemetry_cli.server.db.tables import daily_metrics, reports, same_day, target_metrics

# Each row's fields besides connection, developer, machine and date.
DAILY: tuple[str, ...] = (
    *("active_hours", "tools_used", "projects", "commands"),
    *("os", "architecture", "cores", "memory_gib", "make", "devtel", "schema", "revision"),
)
TARGETS: tuple[str, ...] = (
    *("project", "target", "runs", "failures", "interrupted", "lost"),
    *("waited_seconds", "duration_total", "duration_max", "durations", "exit_codes", "checkouts"),
)
KEYS = ("connection", "developer", "machine", "date")
_TEXTS = frozenset({"tools_used", "projects", "commands", "durations", "exit_codes", "checkouts"})
_RENAMED = {"projects": "project_context", "commands": "command_counts"}  # the plugin's columns


@dataclass(frozen=True)
class RowFilter:
    """Which rows; None and empty are all. `first` and `last` are days, both included."""

    connection: int | None = None
    project: str | None = None
    target: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of rows: its table, its fields, and the order of its pages."""

    table: Table
    fields: tuple[str, ...]

    def query(self, wanted: RowFilter) -> Select[Any]:
        """The rows of the filter, in the order of their keys."""
        order = [self.table.c.date, *(c for c in self.table.primary_key.columns if c.name != "date")]
        return select(*self._columns()).select_from(self._source()).where(*self._where(wanted)).order_by(*order)

    def count(self, db: Connection, wanted: RowFilter) -> int:
        """The number of rows in all pages."""
        return db.scalar(select(func.count()).select_from(self.table).where(*self._where(wanted))) or 0

    def days(self, db: Connection, wanted: RowFilter) -> list[date]:
        """The days that have rows."""
        day = self.table.c.date
        return list(db.scalars(select(day).distinct().where(*self._where(wanted)).order_by(day)))

    def _columns(self) -> list[ColumnElement[Any]]:
        known = [_RENAMED.get(name, name) for name in self.fields]
        columns = [self.table.c[name] if name in self.table.c else reports.c[name] for name in known]
        return [*(self.table.c[name] for name in ("connection_id", "developer_id", "date")), *columns]

    def _source(self) -> Any:  # noqa: ANN401 - a table or a join: what a select takes
        if self.table is not daily_metrics:
            return self.table
        return self.table.outerjoin(reports, same_day(self.table, reports))

    def _where(self, wanted: RowFilter) -> list[ColumnElement[bool]]:
        c = self.table.c
        conditions = [
            None if wanted.connection is None else c.connection_id == wanted.connection,
            None if wanted.first is None else c.date >= wanted.first,
            None if wanted.last is None else c.date <= wanted.last,
        ]
        names = [("project", wanted.project), ("target", wanted.target)]
        named = [target_metrics.c[name] == value for name, value in names if value is not None]
        if named and self.table is not target_metrics:
            named = [exists().where(same_day(self.table, target_metrics), *named)]
        return [condition for condition in conditions if condition is not None] + named


KINDS = {"daily": Kind(daily_metrics, DAILY), "targets": Kind(target_metrics, TARGETS)}


def page(kind: Kind, key: bytes, wanted: RowFilter, number: int, size: int) -> Callable[[Connection], dict[str, Any]]:
    """A function that reads one page of rows, counted from 1, and the number of rows in all."""
    query = kind.query(wanted).limit(size).offset((number - 1) * size)

    def read(db: Connection) -> dict[str, Any]:
        rows = [to_json(kind, key, row) for row in db.execute(query)]
        return {"count": kind.count(db, wanted), "page": number, "pageSize": size, "rows": rows}

    return read


def of_day(kind: Kind, key: bytes, wanted: RowFilter, day: date) -> Callable[[Connection], list[dict[str, Any]]]:
    """A function that reads all rows of one day."""
    query = kind.query(replace(wanted, first=day, last=day))
    return lambda db: [to_json(kind, key, row) for row in db.execute(query)]


def to_json(kind: Kind, key: bytes, row: Row[Any]) -> dict[str, Any]:
    """The row as it is answered, under a pseudonym."""
    return dict(_cells(kind, key, row))


def pseudonym(key: bytes, name: str) -> str:
    """A stable name for a developer or a machine in answers of this database, and of no other."""
    return hmac.digest(key, name.encode(), "sha256").hex()[:24]


def _cells(kind: Kind, key: bytes, row: Row[Any]) -> Iterator[tuple[str, Any]]:
    connection, developer, day, *values = tuple(row)
    yield "connection", connection
    yield "developer", pseudonym(key, f"developer:{anonymous_id(developer)}")
    yield "machine", pseudonym(key, f"machine:{developer}")
    yield "date", day.isoformat()
    for name, value in zip(kind.fields, values, strict=True):
        yield name, _read(value) if name in _TEXTS else value


def _read(text: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    try:
        return json.loads(text)
    except ValueError:  # another program's row
        return None

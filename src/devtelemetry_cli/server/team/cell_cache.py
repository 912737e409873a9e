"""Decoded cells of recent weeks, kept by a serving process: reading and decoding them is most of a page's time.

A week is read again when its row in devtel_team_weeks has changed, as it does with each of its cells (publishing.py).
That row is read before the cells, so that cells are never older than the row that they are kept under.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Select, select

from devtelemetry_cli.server.db.tables import team_cells, team_weeks
from devtelemetry_cli.server.team.cells import Cell, CellFilter
from devtelemetry_cli.server.team.counters import from_text
from devtelemetry_cli.server.team.totals import totals

MOST_CELLS = 12_000  # about 25 MB: a year of 200 targets

_Key = tuple[int, date]  # connection and Monday


@dataclass(frozen=True)
class _Entry:
    version: Sequence[Any]
    cells: Sequence[Cell]


class CellCache:
    """The cells of at most MOST_CELLS, without exit codes and checkouts. Safe to share between threads."""

    def __init__(self, most_cells: int = MOST_CELLS) -> None:
        self._most = most_cells
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()  # the last used is last
        self._lock = Lock()

    def read(self, db: Connection, wanted: CellFilter, k: int) -> list[Cell]:
        """The cells of the wanted weeks and project, but for those of weeks with a k smaller than `k`."""
        found: list[Cell] = []
        for connection, week, *version in db.execute(_versions(wanted, k)):
            found += self._cells(db, (connection, week), version)
        return [cell for cell in found if wanted.project in (None, cell.project)]

    def _cells(self, db: Connection, key: _Key, version: Sequence[Any]) -> Sequence[Cell]:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.version == version:
                self._entries.move_to_end(key)
                return entry.cells
        cells = _read(db, *key)
        with self._lock:
            self._entries[key] = _Entry(version, cells)
            self._entries.move_to_end(key)
            while len(self._entries) > 1 and sum(len(one.cells) for one in self._entries.values()) > self._most:
                self._entries.popitem(last=False)
        return cells


def _versions(wanted: CellFilter, k: int) -> Select[Any]:
    c = team_weeks.c
    query = select(c.connection_id, c.week, c.turn, c.k, c.developers).where(c.k >= k)
    return query.where(c.week.between(wanted.first, wanted.last)).order_by(c.week, c.connection_id)


def _read(db: Connection, connection: int, week: date) -> list[Cell]:
    c = team_cells.c
    query = select(c.project, c.target, c.developers, c.measures).where(c.connection_id == connection, c.week == week)
    return [
        Cell(week, connection, project, target, developers, totals(from_text(measures)), {}, {})
        for project, target, developers, measures in db.execute(query.order_by(c.project, c.target))
    ]

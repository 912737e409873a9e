"""Unpublished rows of a week -> groups with enough developers for a cell. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row

from devtelemetry_cli.server.team.breakdown import REST
from devtelemetry_cli.server.team.unpublished import Group

MAX_ROWS = 5000  # in one transaction
# The kinds of cells, as the column `folded` has them: a target's, the rest of a project's, the rest of all.
TARGET, PROJECT_REST, REST_OF_ALL = 0, 1, 2


class CellKey(NamedTuple):
    """A cell of the week: its kind and its names, empty in a rest."""

    kind: int
    project: str
    target: str


class Batch(NamedTuple):
    """A group that is large enough for its cell."""

    key: CellKey
    group: Group


def portions(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """The batches of one transaction each: together they have at least MAX_ROWS rows, but for the last."""
    some, rows = list[Batch](), 0
    for batch in batches:
        some.append(batch)
        rows += len(batch.group.shown)
        if rows >= MAX_ROWS:
            yield some
            some, rows = [], 0
    if some:
        yield some


class PendingGroups:
    """Unpublished rows, collected until their groups have at least `k` developers.

    A row that is in a cell already stays in that cell, and what a later report adds to it waits for others of the
    same cell: the parts of a row in two cells could be subtracted.
    """

    def __init__(self, k: int, is_full: Callable[[CellKey], bool] = lambda _: False) -> None:
        self._k = k
        self._is_full = is_full  # whether a cell may not be added any more: its rows go to a rest
        self._fresh: dict[CellKey, Group] = {}  # in no cell yet
        self._grown: dict[CellKey, Group] = {}

    def add(self, row: Row[Any]) -> Batch | None:
        """Add a row; returns the batch that it made large enough for a transaction of its own, if any."""
        key = _cell_key(row)
        groups = self._fresh if row.folded is None else self._grown
        groups.setdefault(key, Group()).add(row)
        size = sum(len(groups[key].shown) for groups in (self._fresh, self._grown) if key in groups)
        return self._take(key) if size >= MAX_ROWS and key.kind == TARGET else None

    def of_targets(self) -> Iterator[Batch]:
        """The batches for targets' cells."""
        for key in [*self._fresh, *(key for key in self._grown if key not in self._fresh)]:
            if key.kind == TARGET and (batch := self._take(key)):
                yield batch

    def of_rests(self) -> Iterator[Batch]:
        """After `of_targets`: the batches for the rest of each project, and for the rest of all."""
        projects: dict[str, list[CellKey]] = {key.project: [] for key in self._grown if key.kind == PROJECT_REST}
        for fresh in self._fresh:
            projects.setdefault(fresh.project, []).append(fresh)
        for project, fresh_keys in projects.items():
            if batch := self._take_rest(CellKey(PROJECT_REST, project, REST), fresh_keys):
                yield batch
        if batch := self._take_rest(CellKey(REST_OF_ALL, REST, REST), list(self._fresh)):
            yield batch

    def waiting(self) -> tuple[int, int]:
        """The numbers of developers and of reports that have runs in no batch so far."""
        groups = [*self._fresh.values(), *self._grown.values()]
        developers: set[str] = set().union(*(group.developers for group in groups))
        reports: set[tuple[str, date]] = set().union(*(group.reports for group in groups))
        return len(developers), len(reports)

    def _take_rest(self, key: CellKey, fresh: list[CellKey]) -> Batch | None:
        together = _merged(Group(), self._grown.get(key, Group()))
        for one in fresh:
            together.merge(self._fresh[one])
        if not self._is_enough(together):
            return None
        self._grown.pop(key, None)
        for one in fresh:
            del self._fresh[one]
        return Batch(key, together)

    def _take(self, key: CellKey) -> Batch | None:
        together = _merged(self._fresh.get(key, Group()), self._grown.get(key, Group()))
        if key.target == REST or not self._is_enough(together) or self._is_full(key):
            return None
        self._fresh.pop(key, None)
        self._grown.pop(key, None)
        return Batch(key, together)

    def _is_enough(self, group: Group) -> bool:
        return len(group.developers) >= self._k


def _cell_key(row: Row[Any]) -> CellKey:
    if row.folded == PROJECT_REST:
        return CellKey(PROJECT_REST, row.project, REST)
    if row.folded == REST_OF_ALL:
        return CellKey(REST_OF_ALL, REST, REST)
    return CellKey(TARGET, row.project, row.target)


def _merged(one: Group, other: Group) -> Group:
    both = Group()
    both.merge(one)
    both.merge(other)
    return both

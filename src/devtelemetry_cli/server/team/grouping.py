"""The rows of a week that wait for enough others, and the groups that come into a cell together."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Row

from devtelemetry_cli.server.team.breakdown import TOGETHER
from devtelemetry_cli.server.team.unpublished import Group

MOST_ROWS = 5000  # in one transaction, where a target has as many
OWN, PROJECTS, EVERYBODYS = 0, 1, 2  # how far a row was folded


class Place(NamedTuple):
    """A cell of the week, and whose rows are in it: one target's, the rest of a project's, the rest of everybody's."""

    folded: int
    project: str
    target: str


class Batch(NamedTuple):
    """A group that is enough for its cell."""

    place: Place
    group: Group


class Waiting:
    """Rows that wait for others of at least `k` developers.

    A row that is in a cell already stays in that one: what a later report adds to it waits for others of the same
    cell. In two cells, what one developer did could be found in what the first does not tell apart.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._fresh: dict[Place, Group] = {}  # in no cell yet
        self._grown: dict[Place, Group] = {}

    def add(self, row: Row[Any]) -> Batch | None:
        """Let a row wait; the batch that it made large enough for a transaction of its own, if it did."""
        place = _place(row)
        groups = self._fresh if row.folded is None else self._grown
        groups.setdefault(place, Group()).add(row)
        size = sum(len(groups[place].shown) for groups in (self._fresh, self._grown) if place in groups)
        return self._take(place) if size >= MOST_ROWS and place.folded == OWN else None

    def own(self) -> Iterator[Batch]:
        """What is enough for a target's own cell."""
        for place in [*self._fresh, *(place for place in self._grown if place not in self._fresh)]:
            if place.folded == OWN and (batch := self._take(place)):
                yield batch

    def rest(self) -> Iterator[Batch]:
        """After `own`: what is enough for the rest of each project, and of all projects."""
        projects: dict[str, Group] = {}
        for place, group in self._fresh.items():
            projects.setdefault(place.project, Group()).join(group)
        loose = Group()
        for project in projects | {place.project: None for place in self._grown if place.folded == PROJECTS}:
            fresh, place = projects.get(project, Group()), Place(PROJECTS, project, TOGETHER)
            together = _joined(fresh, self._grown.get(place, Group()))
            if self._is_enough(together):
                yield Batch(place, together)
            else:
                loose.join(fresh)
        place = Place(EVERYBODYS, TOGETHER, TOGETHER)
        if self._is_enough(loose := _joined(loose, self._grown.get(place, Group()))):
            yield Batch(place, loose)

    def _take(self, place: Place) -> Batch | None:
        together = _joined(self._fresh.get(place, Group()), self._grown.get(place, Group()))
        if place.target == TOGETHER or not self._is_enough(together):
            return None
        self._fresh.pop(place, None)
        self._grown.pop(place, None)
        return Batch(place, together)

    def _is_enough(self, group: Group) -> bool:
        return len(group.developers) >= self._k


def _place(row: Row[Any]) -> Place:
    if row.folded == PROJECTS:
        return Place(PROJECTS, row.project, TOGETHER)
    if row.folded == EVERYBODYS:
        return Place(EVERYBODYS, TOGETHER, TOGETHER)
    return Place(OWN, row.project, row.target)


def _joined(one: Group, other: Group) -> Group:
    both = Group()
    both.join(one)
    both.join(other)
    return both

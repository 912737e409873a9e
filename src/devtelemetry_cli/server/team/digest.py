"""A week in short: its figures, what changed, and where the time went, from published cells. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.server.team.cells import Cell, CellResult, monday, rounded_down
from devtelemetry_cli.server.team.comparison import Comparison, compare, span
from devtelemetry_cli.server.team.statistics import by_name
from devtelemetry_cli.server.team.totals import Totals, added


@dataclass(frozen=True)
class WeekTarget:
    """A target in the week; an empty `target` is the rest of its project, or of all. `developers`: at least."""

    project: str
    target: str
    totals: Totals
    developers: int


@dataclass(frozen=True)
class Digest:
    """`totals`, `developers` (at least) and `targets`, the costliest first, are of the week of `changes`.

    `waited_before` is the mean of the seconds waited in the earlier weeks that have figures, None without any.
    """

    changes: Comparison
    totals: Totals
    waited_before: float | None
    developers: int
    targets: list[WeekTarget]


def span_of(week: date) -> tuple[date, date]:
    """The Mondays of the first and last week whose cells `digest` needs."""
    return span(week + timedelta(weeks=1))


def last_week(today: date) -> date:
    """The Monday of the last week that is over."""
    return monday(today) - timedelta(weeks=1)


def digest(found: CellResult, k: int, week: date) -> Digest:
    """The digest of the week of that Monday; `found` has the cells of `span_of` the week."""
    changes = compare(found.cells, week + timedelta(weeks=1))
    own = [cell for cell in found.cells if cell.week == week]
    waited = sum(cell.totals.waited for cell in found.cells if cell.week < week)
    return Digest(
        changes=changes,
        totals=added(cell.totals for cell in own),
        waited_before=waited / changes.weeks_before if changes.weeks_before else None,
        developers=found.developers.get(week, 0),
        targets=sorted(_targets(own, k), key=lambda it: (-it.totals.waited, it.project, it.target)),
    )


def _targets(cells: Iterable[Cell], k: int) -> Iterable[WeekTarget]:
    """One for each name: connections have cells of their own."""
    for name, own in by_name(cells).items():
        developers = sum(rounded_down(cell.developers, k) for cell in own)
        yield WeekTarget(*name, added(cell.totals for cell in own), developers)

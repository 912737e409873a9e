"""Cells -> the figures of the overview: each target with its share, its trend and its past. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from devtelemetry_cli.server.team.cells import Cell, CellResult
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.statistics import (
    Name,
    Sides,
    Summary,
    by_name,
    developers_of,
    split,
    summary,
    waited_by_week,
)
from devtelemetry_cli.server.team.totals import Totals, added


@dataclass(frozen=True)
class Target:
    """One target of one project; both names are empty for the rest of all.

    `cells` are those of the chosen weeks, `before` of the period before; None if that has no figures. Percentiles are
    computed when asked for: most targets are not shown.
    """

    project: str
    target: str
    period: Period
    cells: Sequence[Cell]
    before: Sequence[Cell] | None
    k: int

    @property
    def developers(self) -> int:
        """The developers of the fullest week, at least."""
        return max(developers_of(self.cells, self.k).values())

    @cached_property
    def weekly(self) -> Mapping[date, float]:
        """The seconds waited of each week."""
        return waited_by_week(self.cells)

    @cached_property
    def waited(self) -> float:
        """The seconds waited."""
        return sum(self.weekly.values())

    @cached_property
    def waited_before(self) -> float:
        """The seconds waited in the period before; 0 where that has no figures."""
        return sum(cell.totals.waited for cell in self.before or ())

    @cached_property
    def totals(self) -> Totals:
        """The totals of the chosen weeks."""
        running = [cell.totals for cell in self.cells if cell.week > self.period.last_whole]
        return added([self.sides.now, *running])

    @cached_property
    def sides(self) -> Sides:
        """The target beside itself in the period before."""
        whole = [cell.totals for cell in self.cells if cell.week <= self.period.last_whole]
        return Sides(added(whole), None if self.before is None else added(cell.totals for cell in self.before))

    @property
    def growth(self) -> float:
        """Seconds waited more than in the period before; 0 where that has no figures."""
        whole = sum(seconds for week, seconds in self.weekly.items() if week <= self.period.last_whole)
        return 0.0 if self.before is None else whole - self.waited_before


@dataclass(frozen=True)
class Overview(Summary):
    """The figures of the overview. `gone` has the seconds waited before for targets that the chosen weeks lack."""

    targets: list[Target]
    gone: Mapping[Name, float]

    def trend(self, target: Target) -> list[float]:
        """The seconds waited in each whole week."""
        return [target.weekly.get(week.monday, 0.0) for week in self.weeks if week.monday <= self.period.last_whole]


SORTINGS: Mapping[str, Callable[[Target], float]] = {
    "waited": lambda t: t.waited,
    "growth": lambda t: t.growth,
    "runs": lambda t: t.totals.runs,
    "failures": lambda t: t.totals.failure_rate,
    "mean": lambda t: t.totals.mean,
    "p50": lambda t: t.totals.p50 or 0.0,
    "p90": lambda t: t.totals.p90 or 0.0,
    "developers": lambda t: t.developers,
}


def overview(found: CellResult, period: Period, k: int, sorting: str = "waited") -> Overview:
    """The figures of the overview; `sorting` is a key of SORTINGS. `found` has the period before too."""
    cells, before = split(found.cells, period)
    named, past = by_name(cells), by_name(before)
    targets = [Target(*name, period, own, past.get(name, []) if before else None, k) for name, own in named.items()]
    rank = SORTINGS[sorting]
    return Overview(
        **summary(cells, before, found.developers, period),
        targets=sorted(targets, key=lambda t: (-rank(t), -t.waited, t.project, t.target)),
        gone={name: sum(cell.totals.waited for cell in own) for name, own in past.items() if name not in named},
    )

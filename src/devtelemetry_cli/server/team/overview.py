"""Cells -> the figures of the overview: each target with its share, its trend and its past. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from devtelemetry_cli.server.team.cells import Cell, CellResult
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.statistics import (
    Name,
    Sides,
    Summary,
    Totals,
    added,
    by_name,
    developers_of,
    split,
    summary,
    totals,
    waited_by_week,
)


@dataclass(frozen=True)
class Target:
    """One target of one project; both names are empty for the rest of all.

    `cells` are those of the chosen weeks, `before` of the period before; None if that has no figures. Percentiles are
    computed when asked for: most targets are not shown.
    """

    project: str
    target: str
    developers: int
    period: Period
    cells: Sequence[Cell]
    before: Sequence[Cell] | None

    @cached_property
    def waited(self) -> Mapping[date, float]:
        """The seconds waited of each week."""
        return waited_by_week(self.cells)

    @cached_property
    def waited_before(self) -> float:
        """The seconds waited in the period before; 0 where that has no figures."""
        return _sum(self.before or (), "waited")

    @cached_property
    def totals(self) -> Totals:
        """The totals of the chosen weeks."""
        return totals(added(cell.measures for cell in self.cells))

    @cached_property
    def sides(self) -> Sides:
        """The target beside itself in the period before."""
        whole = [cell for cell in self.cells if cell.week <= self.period.last_whole]
        now = self.totals if len(whole) == len(self.cells) else totals(added(cell.measures for cell in whole))
        return Sides(now, None if self.before is None else totals(added(cell.measures for cell in self.before)))

    @property
    def growth(self) -> float:
        """Seconds waited more than in the period before; 0 where that has no figures."""
        whole = sum(seconds for week, seconds in self.waited.items() if week <= self.period.last_whole)
        return 0.0 if self.before is None else whole - self.waited_before

    @property
    def failure_rate(self) -> float:
        """Failures per run, 0 without runs."""
        runs = _sum(self.cells, "runs")
        return _sum(self.cells, "failures") / runs if runs else 0.0


@dataclass(frozen=True)
class Overview(Summary):
    """The figures of the overview. `gone` has the seconds waited before for targets that the chosen weeks lack."""

    targets: list[Target]
    gone: Mapping[Name, float]

    def trend(self, target: Target) -> list[float]:
        """The seconds waited in each whole week."""
        return [target.waited.get(week.monday, 0.0) for week in self.weeks if week.monday <= self.period.last_whole]


SORTINGS: Mapping[str, Callable[[Target], float]] = {
    "waited": lambda t: sum(t.waited.values()),
    "growth": lambda t: t.growth,
    "runs": lambda t: _sum(t.cells, "runs"),
    "failures": lambda t: t.failure_rate,
    "mean": lambda t: t.totals.mean,
    "p50": lambda t: t.totals.p50 or 0.0,
    "p90": lambda t: t.totals.p90 or 0.0,
    "developers": lambda t: t.developers,
}


def overview(found: CellResult, period: Period, k: int, sorting: str = "waited") -> Overview:
    """The figures of the overview; `sorting` is a key of SORTINGS. `found` has the period before too."""
    cells, before = split(found.cells, period)
    named, past = by_name(cells), by_name(before)
    targets = [
        Target(*name, max(developers_of(own, k).values()), period, own, past.get(name, []) if before else None)
        for name, own in named.items()
    ]
    rank, waited = SORTINGS[sorting], SORTINGS["waited"]
    return Overview(
        **summary(cells, before, found.developers, period),
        targets=sorted(targets, key=lambda t: (-rank(t), -waited(t), t.project, t.target)),
        gone={name: _sum(own, "waited") for name, own in past.items() if name not in named},
    )


def _sum(cells: Iterable[Cell], key: str) -> float:
    """The sum of one counter."""
    return sum(cell.measures.get(key, 0.0) for cell in cells)

"""Cells -> the figures that stand on every page: totals, weeks, and the period before. Pure.

Percentiles are interpolated in the merged histograms (histogram.py). Numbers of developers are rounded
down to a multiple of k, so that differences between answers never reveal a single one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from devtelemetry_cli.model.histogram import quantile
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import Cell, rounded_down
from devtelemetry_cli.server.team.counters import Counters
from devtelemetry_cli.server.team.previous import Period

Measures = Mapping[str, float]
Name = tuple[str, str]  # project and target


@dataclass(frozen=True)
class Totals:
    """Totals of runs. `waited` and `total` are seconds, the latter of completed runs; so is the histogram `durations`.

    What few readers of it need is computed when asked for.
    """

    runs: int
    failures: int
    interrupted: int
    lost: int
    waited: float
    total: float
    durations: Mapping[int, int]

    @property
    def failure_rate(self) -> float:
        """Failures per run, 0 without runs."""
        return self.failures / self.runs if self.runs else 0.0

    @cached_property
    def completed(self) -> int:
        """The number of completed runs."""
        return sum(self.durations.values())

    @property
    def mean(self) -> float:
        """The mean duration of completed runs, 0 without any."""
        return self.total / self.completed if self.completed else 0.0

    @cached_property
    def p50(self) -> float | None:
        """The median duration; None without completed runs."""
        return quantile(self.durations, 0.5)

    @cached_property
    def p90(self) -> float | None:
        """The duration that nine of ten completed runs do not exceed; None without any."""
        return quantile(self.durations, 0.9)


@dataclass(frozen=True)
class Week:
    """A week's totals until its `last` day, its Sunday or today, and its number of developers, rounded down."""

    monday: date
    totals: Totals
    developers: int
    over: bool
    last: date


@dataclass(frozen=True)
class Sides:
    """The totals of the whole weeks of a period, and of the period before; None if that has no figures."""

    now: Totals
    before: Totals | None

    @classmethod
    def of(cls, now: Measures, before: Measures | None) -> "Sides":
        """The totals of these counters."""
        return cls(totals(now), None if before is None else totals(before))


@dataclass(frozen=True)
class Summary:
    """The figures that stand on every page. `per_developer` are seconds waited per developer and whole week.

    Developers are rounded down, so that `per_developer` is the most that it may be; None without whole weeks.
    """

    period: Period
    totals: Totals
    sides: Sides
    weeks: list[Week]
    developers: int
    developers_before: int
    per_developer: float | None
    per_developer_before: float | None


def by_name(cells: Iterable[Cell]) -> dict[Name, list[Cell]]:
    """The cells of each project and target, in their order: of several weeks and connections."""
    named: dict[Name, list[Cell]] = {}
    for cell in cells:
        named.setdefault((cell.project, cell.target), []).append(cell)
    return named


def summary(
    cells: Iterable[Cell], before: Sequence[Cell], developers: Mapping[date, int], period: Period
) -> dict[str, Any]:
    """The fields of a Summary, from the cells that `split` returns and the developers of all weeks."""
    sums, earlier = _by_week(cells), waited_by_week(before)
    weeks = _weeks(sums, developers, period.today)
    whole = {week: measures for week, measures in sums.items() if week <= period.last_whole}
    waited = {week: measures.get("waited", 0.0) for week, measures in whole.items()}
    return {
        "period": period,
        "totals": totals(added(sums.values())),
        "sides": Sides.of(added(whole.values()), added(cell.measures for cell in before) if before else None),
        "weeks": weeks,
        "developers": max((week.developers for week in weeks), default=0),
        "developers_before": max((developers.get(week, 0) for week in earlier), default=0),
        "per_developer": _per_developer(waited, developers),
        "per_developer_before": _per_developer(earlier, developers),
    }


def split(found: Sequence[Cell], period: Period) -> tuple[list[Cell], list[Cell]]:
    """The cells of the chosen weeks, and those of the period before.

    The latter are none if its first week has none: it began before the reports did.
    """
    first, before_first, last = period.first, period.before, period.last
    cells = [cell for cell in found if first <= cell.week <= last]
    before = [cell for cell in found if before_first <= cell.week < first]
    return cells, before if any(cell.week == before_first for cell in before) else []


def totals(measures: Measures) -> Totals:
    """The totals of these counters."""
    return Totals(
        **{name: int(measures.get(name, 0)) for name in ("runs", "failures", "interrupted", "lost")},
        waited=measures.get("waited", 0.0),
        total=measures.get("total", 0.0),
        durations=counters.histogram(measures),
    )


def added(groups: Iterable[Measures]) -> Counters:
    """The sum of `groups`."""
    whole: Counters = defaultdict(float)
    for group in groups:
        for key, value in group.items():
            whole[key] += value
    return dict(whole)


def waited_by_week(cells: Iterable[Cell]) -> dict[date, float]:
    """The seconds waited of each week that has cells."""
    found: dict[date, float] = defaultdict(float)
    for cell in cells:
        found[cell.week] += cell.measures.get("waited", 0.0)
    return dict(found)


def developers_of(cells: Iterable[Cell], k: int) -> dict[date, int]:
    """The developers of each week, rounded down in each cell: the sum reveals no more than the cells."""
    found: dict[date, int] = defaultdict(int)
    for cell in cells:
        found[cell.week] += rounded_down(cell.developers, k)
    return dict(found)


def _by_week(cells: Iterable[Cell]) -> dict[date, Counters]:
    weeks: dict[date, list[Counters]] = defaultdict(list)
    for cell in cells:
        weeks[cell.week].append(cell.measures)
    return {week: added(measures) for week, measures in weeks.items()}


def _weeks(sums: Mapping[date, Counters], developers: Mapping[date, int], today: date) -> list[Week]:
    """All weeks from the first with runs to the last, weeks without runs included."""
    count = (max(sums) - min(sums)).days // 7 + 1 if sums else 0
    days = [min(sums) + timedelta(weeks=number) for number in range(count)]
    return [_week(day, sums.get(day, {}), developers.get(day, 0), today) for day in days]


def _week(monday: date, measures: Counters, developers: int, today: date) -> Week:
    return Week(monday, totals(measures), developers, *week_end(monday, today))


def week_end(monday: date, today: date) -> tuple[bool, date]:
    """Whether the week of that Monday is over, and its last day so far: its Sunday, or today."""
    sunday = monday + timedelta(days=6)
    return sunday < today, min(sunday, max(today, monday))


def _per_developer(waited: Mapping[date, float], developers: Mapping[date, int]) -> float | None:
    """Seconds waited per developer and week, in the weeks whose developers are known."""
    weeks = [week for week in waited if developers.get(week)]
    return sum(waited[week] for week in weeks) / sum(developers[week] for week in weeks) if weeks else None

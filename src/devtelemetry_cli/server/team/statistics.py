"""Cells -> the figures of a page: totals, weeks and targets. Pure.

Percentiles are interpolated in the merged histograms (histogram.py). Numbers of developers are rounded
down to a multiple of k, so that differences between answers never reveal a single one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.model import histogram
from devtelemetry_cli.model.histogram import quantile
from devtelemetry_cli.model.metrics import AGES, BRANCHES
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import Cell, CellResult, rounded_down

BUCKETS_PER_BAR = 4  # of the histogram: a bar reaches from one power of two to the next

Sorting = Callable[["Target"], float]


@dataclass(frozen=True)
class Totals:
    """Totals of runs; durations in seconds, of completed runs. `p50` and `p90` are None without any."""

    runs: int
    failures: int
    interrupted: int
    lost: int
    waited: float
    completed: int
    mean: float
    p50: float | None
    p90: float | None

    @property
    def failure_rate(self) -> float:
        """Failures per run, 0 without runs."""
        return self.failures / self.runs if self.runs else 0.0


@dataclass(frozen=True)
class Week:
    """A week's totals, and its number of developers, rounded down."""

    monday: date
    totals: Totals
    developers: int
    over: bool


@dataclass(frozen=True)
class Target:
    """One target of one project; both names are empty for the rest of all."""

    project: str
    target: str
    totals: Totals
    developers: int


@dataclass(frozen=True)
class Overview:
    """The figures of the overview."""

    totals: Totals
    weeks: list[Week]
    targets: list[Target]
    developers: int


@dataclass(frozen=True)
class Part:
    """A named part of a target's runs."""

    name: str
    runs: int
    failures: int = 0


@dataclass(frozen=True)
class Detail:
    """The figures of a target's page. `durations` has (from, to, runs) in seconds."""

    totals: Totals
    weeks: list[Week]
    developers: int
    durations: list[tuple[float, float, int]]
    exit_codes: list[Part]
    branches: list[Part]
    ages: list[Part]


SORTINGS: Mapping[str, Sorting] = {
    "waited": lambda t: t.totals.waited,
    "runs": lambda t: t.totals.runs,
    "failures": lambda t: t.totals.failure_rate,
    "mean": lambda t: t.totals.mean,
    "p50": lambda t: t.totals.p50 or 0.0,
    "p90": lambda t: t.totals.p90 or 0.0,
    "developers": lambda t: t.developers,
}


def overview(found: CellResult, k: int, today: date, sorting: str = "waited") -> Overview:
    """The figures of the overview; `sorting` is a key of SORTINGS."""
    weeks = _weeks(found.cells, found.developers, today)
    return Overview(
        totals=totals(cell.measures for cell in found.cells),
        weeks=weeks,
        targets=sorted(_targets(found.cells, k), key=lambda t: (-SORTINGS[sorting](t), t.project, t.target)),
        developers=max((week.developers for week in weeks), default=0),
    )


def detail(cells: Sequence[Cell], k: int, today: date) -> Detail:
    """The figures of one target's page."""
    weeks = _weeks(cells, _developers(cells, k), today)
    codes, places = _sum(cell.exit_codes for cell in cells), _sum(cell.checkouts for cell in cells)
    return Detail(
        totals=totals(cell.measures for cell in cells),
        weeks=weeks,
        developers=max((week.developers for week in weeks), default=0),
        durations=_bars(counters.histogram(_sum(cell.measures for cell in cells))),
        exit_codes=sorted((Part(code, int(runs)) for code, runs in codes.items()), key=lambda p: (-p.runs, p.name)),
        branches=_parts(places, 0, BRANCHES),
        ages=_parts(places, 1, AGES),
    )


def totals(groups: Iterable[Mapping[str, float]]) -> Totals:
    """The totals of `groups`, counters of cells."""
    whole = _sum(groups)
    durations = counters.histogram(whole)
    completed = sum(durations.values())
    return Totals(
        **{name: int(whole.get(name, 0)) for name in ("runs", "failures", "interrupted", "lost")},
        waited=whole.get("waited", 0.0),
        completed=completed,
        mean=whole.get("total", 0.0) / completed if completed else 0.0,
        p50=quantile(durations, 0.5),
        p90=quantile(durations, 0.9),
    )


def _sum(groups: Iterable[Mapping[str, float]]) -> counters.Counters:
    whole: counters.Counters = {}
    for group in groups:
        counters.add(whole, group)
    return whole


def _weeks(cells: Iterable[Cell], developers: Mapping[date, int], today: date) -> list[Week]:
    """All weeks from the first with runs to the last, weeks without runs included."""
    by_week: dict[date, list[counters.Counters]] = {}
    for cell in cells:
        by_week.setdefault(cell.week, []).append(cell.measures)
    if not by_week:
        return []
    count = (max(by_week) - min(by_week)).days // 7 + 1
    days = [min(by_week) + timedelta(weeks=number) for number in range(count)]
    return [Week(day, totals(by_week.get(day, ())), developers.get(day, 0), is_over(day, today)) for day in days]


def _targets(cells: Iterable[Cell], k: int) -> Iterable[Target]:
    for (project, target), own in _by_name(cells).items():
        yield Target(project, target, totals(c.measures for c in own), max(_developers(own, k).values()))


def _developers(cells: Iterable[Cell], k: int) -> dict[date, int]:
    """The developers of each week, rounded down in each cell: the sum reveals no more than the cells."""
    found: dict[date, int] = {}
    for cell in cells:
        found[cell.week] = found.get(cell.week, 0) + rounded_down(cell.developers, k)
    return found


def _by_name(cells: Iterable[Cell]) -> dict[tuple[str, str], list[Cell]]:
    named: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        named.setdefault((cell.project, cell.target), []).append(cell)
    return named


def is_over(monday: date, today: date) -> bool:
    """Whether the week of that Monday has ended before `today`."""
    return monday + timedelta(days=7) <= today


def _bars(durations: Mapping[int, int]) -> list[tuple[float, float, int]]:
    """(from, to, runs): buckets joined to bars from one power of two to the next, without gaps."""
    if not durations:
        return []
    joined: dict[int, int] = {}
    for bucket, runs in durations.items():
        histogram.add(joined, {bucket // BUCKETS_PER_BAR: runs})
    bars = range(min(joined), max(joined) + 1)
    return [(_edge(bar), _edge(bar + 1), joined.get(bar, 0)) for bar in bars]


def _edge(bar: int) -> float:
    return float(2 ** (bar * BUCKETS_PER_BAR / 2**histogram.SCALE))


def _parts(places: Mapping[str, float], which: int, names: Sequence[str]) -> list[Part]:
    """Runs and failures by branch (`which` 0) or age (1), in the order of `names`; the rest comes last."""
    found = {name: [0, 0] for name in (*names, "")}
    for key, count in places.items():
        kind, *where = key.split(":")
        found[where[which]][kind == "f"] += int(count)
    return [Part(name, runs, failures) for name, (runs, failures) in found.items() if runs]

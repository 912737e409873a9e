"""The last whole week beside the four weeks before it, target by target. Pure.

A target is compared if both sides have ENOUGH_RUNS completed runs; each side covers at least k developers, as every
cell does. It is slower if its mean grew by SLOWER, its median is in a later bucket, and the 95 % interval of the ratio
of durations is above 1. It is more fragile if its failure rate grew by FRAGILE and the 95 % interval of the difference
is above 0. Runs of one developer resemble each other, so the true intervals are somewhat wider.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.model import histogram
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import Cell, monday
from devtelemetry_cli.server.team.statistics import Totals, totals

WEEKS_BEFORE = 4
ENOUGH_RUNS = 20
SLOWER = 1.15
FRAGILE = 0.05
Z = 1.96  # of the normal distribution: 95 %
_BUCKET = math.log(histogram.BASE)  # the width of a bucket, as the logarithm of a duration


@dataclass(frozen=True)
class Change:
    """A target's last whole week beside the weeks before. `low` and `high` are the 95 % interval of the change.

    For slower targets it is the ratio of durations less 1, for more fragile ones the difference of failure rates.
    `cost` is the additional seconds of that week.
    """

    project: str
    target: str
    before: Totals
    now: Totals
    low: float
    high: float
    cost: float


@dataclass(frozen=True)
class Comparison:
    """The comparison of a week, by its Monday. `weeks_before` is the number of earlier weeks with cells, of four."""

    week: date
    has_week: bool
    weeks_before: int
    compared: int
    slower: Sequence[Change]
    fragile: Sequence[Change]


def span(today: date) -> tuple[date, date]:
    """The Mondays of the first and the last week of the comparison: its last whole week is the last."""
    last = monday(today) - timedelta(weeks=1)
    return last - timedelta(weeks=WEEKS_BEFORE), last


def compare(cells: Iterable[Cell], today: date) -> Comparison:
    """Compare the last whole week; `cells` may contain others."""
    first, last = span(today)
    wanted = [cell for cell in cells if first <= cell.week <= last]
    earlier = {cell.week for cell in wanted if cell.week < last}
    pairs = [(name, _pair(own, last)) for name, own in _by_name(wanted).items() if name[1]]
    enough = [(name, before, now) for name, (before, now) in pairs if _is_enough(before) and _is_enough(now)]
    slower = [change for name, before, now in enough if (change := _slower(name, before, now))]
    fragile = [change for name, before, now in enough if (change := _fragile(name, before, now))]
    return Comparison(
        week=last,
        has_week=any(cell.week == last for cell in wanted),
        weeks_before=len(earlier),
        compared=len(enough),
        slower=sorted(slower, key=lambda change: -change.cost),
        fragile=sorted(fragile, key=lambda change: change.before.failure_rate - change.now.failure_rate),
    )


@dataclass(frozen=True)
class _Side:
    """One side of a comparison."""

    totals: Totals
    durations: Mapping[int, int]


def _by_name(cells: Iterable[Cell]) -> dict[tuple[str, str], list[Cell]]:
    named: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        named.setdefault((cell.project, cell.target), []).append(cell)
    return named


def _pair(cells: Sequence[Cell], last: date) -> tuple[_Side, _Side]:
    return _side(cell for cell in cells if cell.week < last), _side(cell for cell in cells if cell.week == last)


def _side(cells: Iterable[Cell]) -> _Side:
    whole: counters.Counters = {}
    for cell in cells:
        counters.add(whole, cell.measures)
    return _Side(totals([whole]), counters.histogram(whole))


def _is_enough(side: _Side) -> bool:
    return side.totals.completed >= ENOUGH_RUNS


def _slower(name: tuple[str, str], before: _Side, now: _Side) -> Change | None:
    ratio, error = _log_ratio(before.durations, now.durations)
    low, high = math.exp(ratio - Z * error), math.exp(ratio + Z * error)
    is_later = (now.totals.p50 or 0) > (before.totals.p50 or 0)
    if not is_later or now.totals.mean < SLOWER * before.totals.mean or low <= 1:
        return None
    cost = (now.totals.mean - before.totals.mean) * now.totals.completed
    return Change(*name, before.totals, now.totals, low - 1, high - 1, cost)


def _fragile(name: tuple[str, str], before: _Side, now: _Side) -> Change | None:
    grown = now.totals.failure_rate - before.totals.failure_rate
    low, high = _difference(before.totals, now.totals)
    if grown < FRAGILE or low <= 0:
        return None
    return Change(*name, before.totals, now.totals, low, high, 0.0)


def _log_ratio(before: Mapping[int, int], now: Mapping[int, int]) -> tuple[float, float]:
    """The difference of the mean logarithms of durations, and its standard error (Welch)."""
    (mean, variance), (mean_now, variance_now) = _moments(before), _moments(now)
    return mean_now - mean, math.sqrt(variance + variance_now)


def _moments(durations: Mapping[int, int]) -> tuple[float, float]:
    """The mean logarithm, and the variance of that mean; durations are spread evenly inside a bucket."""
    count = sum(durations.values())
    mean = sum(math.log(histogram.middle(bucket)) * runs for bucket, runs in durations.items()) / count
    squares = sum((math.log(histogram.middle(bucket)) - mean) ** 2 * runs for bucket, runs in durations.items())
    return mean, (squares / count + _BUCKET**2 / 12) / count


def _difference(before: Totals, now: Totals) -> tuple[float, float]:
    """The 95 % interval of the difference of two failure rates.

    Newcombe's hybrid score interval. Source: R. Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10.
    """
    (low, high), (low_now, high_now) = _wilson(before), _wilson(now)
    grown = now.failure_rate - before.failure_rate
    down = math.hypot(now.failure_rate - low_now, high - before.failure_rate)
    up = math.hypot(high_now - now.failure_rate, before.failure_rate - low)
    return grown - down, grown + up


def _wilson(one: Totals) -> tuple[float, float]:
    """Wilson's score interval of a failure rate."""
    runs, rate = one.runs, one.failure_rate
    centre = (rate + Z**2 / (2 * runs)) / (1 + Z**2 / runs)
    half = Z / (1 + Z**2 / runs) * math.sqrt(rate * (1 - rate) / runs + Z**2 / (4 * runs**2))
    return centre - half, centre + half

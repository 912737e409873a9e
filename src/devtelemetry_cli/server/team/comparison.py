"""Targets before and after: the last whole week beside the four weeks before it, or any two spans of weeks. Pure.

A target is compared if both sides have ENOUGH_RUNS completed runs; each side covers at least k developers, as every
cell does. It is slower if its mean grew by SLOWER, its median is in a later bucket, and the 95 % interval of the ratio
of durations is above 1; faster by the same in the other direction. It is more fragile if its failure rate grew by
FRAGILE and the 95 % interval of the difference is above 0; more robust in the other direction. Runs of one developer
resemble each other, so the true intervals are somewhat wider.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from devtelemetry_cli.model import histogram
from devtelemetry_cli.server.team.cells import Cell, monday
from devtelemetry_cli.server.team.statistics import Name, by_name
from devtelemetry_cli.server.team.totals import Totals, added

WEEKS_BEFORE = 4
ENOUGH_RUNS = 20
SLOWER = 1.15
FRAGILE = 0.05
Z = 1.96  # of the normal distribution: 95 %
_BUCKET = math.log(histogram.BASE)  # the width of a bucket, as the logarithm of a duration


@dataclass(frozen=True)
class Effect:
    """Runs before and after. Intervals are computed when asked for: most targets change little."""

    before: Totals
    now: Totals

    @cached_property
    def longer(self) -> tuple[float, float]:
        """The 95 % interval of the ratio of durations, less 1."""
        ratio, error = _log_ratio(self.before.durations, self.now.durations)
        return math.exp(ratio - Z * error) - 1, math.exp(ratio + Z * error) - 1

    @cached_property
    def fragile(self) -> tuple[float, float]:
        """The 95 % interval of the difference of failure rates."""
        return _difference(self.before, self.now)

    @property
    def is_slower(self) -> bool:
        """Whether runs take clearly longer."""
        is_longer = self.now.mean >= SLOWER * self.before.mean
        return is_longer and (self.now.p50 or 0) > (self.before.p50 or 0) and self.longer[0] > 0

    @property
    def is_faster(self) -> bool:
        """Whether runs take clearly less time."""
        is_shorter = self.before.mean >= SLOWER * self.now.mean
        return is_shorter and (self.now.p50 or 0) < (self.before.p50 or 0) and self.longer[1] < 0

    @property
    def is_more_fragile(self) -> bool:
        """Whether clearly more of the runs fail."""
        return self.now.failure_rate - self.before.failure_rate >= FRAGILE and self.fragile[0] > 0

    @property
    def is_more_robust(self) -> bool:
        """Whether clearly fewer of the runs fail."""
        return self.before.failure_rate - self.now.failure_rate >= FRAGILE and self.fragile[1] < 0


@dataclass(frozen=True)
class Change:
    """A target that changed. `low` and `high` are the 95 % interval of the change.

    For slower and faster targets it is the ratio of durations less 1, for others the difference of failure rates.
    `cost` is the additional seconds of the time after, below 0 for a faster target.
    """

    project: str
    target: str
    before: Totals
    now: Totals
    low: float
    high: float
    cost: float


@dataclass(frozen=True)
class Changes:
    """What changed clearly, the largest changes first; `compared` is the number of compared targets."""

    compared: int
    slower: Sequence[Change]
    faster: Sequence[Change]
    fragile: Sequence[Change]
    robust: Sequence[Change]


@dataclass(frozen=True)
class Comparison(Changes):
    """The comparison of a week, by its Monday. `weeks_before` is the number of earlier weeks with cells, of four."""

    week: date
    has_week: bool
    weeks_before: int


def span(today: date) -> tuple[date, date]:
    """The Mondays of the first and the last week of the comparison: its last whole week is the last."""
    last = monday(today) - timedelta(weeks=1)
    return last - timedelta(weeks=WEEKS_BEFORE), last


def compare(cells: Iterable[Cell], today: date) -> Comparison:
    """Compare the last whole week; `cells` may contain others."""
    first, last = span(today)
    earlier, now = split(cells, (first, last - timedelta(weeks=1)), (last, last))
    found = changes(earlier, now)
    return Comparison(**vars(found), week=last, has_week=bool(now), weeks_before=len({cell.week for cell in earlier}))


def split(cells: Iterable[Cell], *spans: tuple[date, date]) -> list[list[Cell]]:
    """The cells of each span of Mondays, both included."""
    everything = list(cells)
    return [[cell for cell in everything if first <= cell.week <= last] for first, last in spans]


def changes(before: Iterable[Cell], now: Iterable[Cell]) -> Changes:
    """Compare each target of both sides; rests are left out."""
    sides, sides_now = by_name(before), by_name(now)
    found = {name: effect(sides[name], sides_now[name]) for name in sides if name in sides_now and name[1]}
    effects = [(name, one) for name, one in found.items() if one is not None]
    return Changes(
        compared=len(effects),
        slower=sorted((_duration(*one) for one in effects if one[1].is_slower), key=lambda it: -it.cost),
        faster=sorted((_duration(*one) for one in effects if one[1].is_faster), key=lambda it: it.cost),
        fragile=sorted((_failures(*one) for one in effects if one[1].is_more_fragile), key=_grown, reverse=True),
        robust=sorted((_failures(*one) for one in effects if one[1].is_more_robust), key=_grown),
    )


def effect(before: Iterable[Cell], now: Iterable[Cell]) -> Effect | None:
    """The cells after, beside those before; None if one side has too few completed runs."""
    one, other = (added(cell.totals for cell in cells) for cells in (before, now))
    return Effect(one, other) if min(one.completed, other.completed) >= ENOUGH_RUNS else None


def _duration(name: Name, it: Effect) -> Change:
    return Change(*name, it.before, it.now, *it.longer, (it.now.mean - it.before.mean) * it.now.completed)


def _failures(name: Name, it: Effect) -> Change:
    return Change(*name, it.before, it.now, *it.fragile, 0.0)


def _grown(it: Change) -> float:
    return it.now.failure_rate - it.before.failure_rate


def _log_ratio(before: Mapping[int, int], now: Mapping[int, int]) -> tuple[float, float]:
    """The difference of the mean logarithms of durations, and its standard error (Welch)."""
    (mean, variance), (mean_now, variance_now) = _moments(before), _moments(now)
    return mean_now - mean, math.sqrt(variance + variance_now)


def _moments(durations: Mapping[int, int]) -> tuple[float, float]:
    """The mean logarithm, and the variance of that mean; durations are spread evenly inside a bucket."""
    count = sum(durations.values())
    middle = sum((bucket + 0.5) * runs for bucket, runs in durations.items()) / count
    squares = sum((bucket + 0.5 - middle) ** 2 * runs for bucket, runs in durations.items())
    return middle * _BUCKET, (squares / count + 1 / 12) * _BUCKET**2 / count


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

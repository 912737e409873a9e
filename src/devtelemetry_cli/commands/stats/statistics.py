"""The sums of days -> quantiles, weeks and the trend. Pure; times in seconds."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.commands.stats.aggregate_exact import Key, Sum
from devtelemetry_cli.model import target_names

WEEK = 7
_FINER = 1e-7  # seconds: a journal holds microseconds, so two steps of this enclose at most one value
Days = Mapping[str, Mapping[Key, Sum]]


@dataclass(frozen=True)
class Target:
    """One target of one project. The quantiles are exact, over the runs that were not interrupted; None without any.

    CPU and waiting time count outermost runs only; the weeks are those of Statistics, whatever the window.
    """

    project: str
    target: str
    runs: int
    failures: int
    interrupted: int
    lost: int
    waited_seconds: float
    p50_seconds: float | None
    p90_seconds: float | None
    longest_seconds: float | None
    cpu_seconds: float
    peak_memory_bytes: int
    this_week_seconds: float
    last_week_seconds: float


@dataclass(frozen=True)
class Week:
    """Seven days: the runs that ended or were lost, and the time spent waiting for the outermost of them."""

    first: str
    last: str
    runs: int
    waited_seconds: float


@dataclass(frozen=True)
class Day:
    """One day of the trend."""

    date: str
    runs: int
    failures: int
    waited_seconds: float


@dataclass(frozen=True)
class Statistics:
    """The cost of the builds in a window of days; the two weeks end today, whatever the window."""

    first: str
    last: str
    runs: int
    failures: int
    interrupted: int
    lost: int
    waited_seconds: float
    cpu_seconds: float
    p50_seconds: float | None
    p90_seconds: float | None
    this_week: Week
    last_week: Week
    trend: list[Day]
    targets: list[Target]

    def waited_for(self) -> list[Target]:
        """Targets by the time spent waiting for them."""
        waited = [target for target in self.targets if target.waited_seconds]
        return sorted(waited, key=lambda t: (-t.waited_seconds, t.project, t.target))

    def slowest(self) -> list[Target]:
        """Targets by the duration of a typical run, the slowest first."""
        timed = [target for target in self.targets if target.p50_seconds is not None]
        return sorted(timed, key=lambda t: (-(t.p50_seconds or 0), -(t.p90_seconds or 0), t.project, t.target))

    def failing(self) -> list[Target]:
        """Targets that failed, by the number and then the rate of failures."""
        failed = [target for target in self.targets if target.failures]
        return sorted(failed, key=lambda t: (-t.failures, t.runs, t.project, t.target))


def select(days: Days, targets: tuple[str, ...], projects: tuple[str, ...]) -> dict[str, dict[Key, Sum]]:
    """Only these targets (a % matches any part, as in make) and projects; all where none is named."""

    def is_selected(key: Key) -> bool:
        return not (projects and key[0] not in projects) and not target_names.is_aggregated(key[1], targets)

    return {day: {key: total for key, total in sums.items() if is_selected(key)} for day, sums in days.items()}


def statistics(days: Days, first: date, last: date) -> Statistics:
    """The statistics of the days from `first` to `last`; the weeks are the 14 days up to `last`."""
    window = {day: sums for day, sums in days.items() if first.isoformat() <= day <= last.isoformat()}
    parts: dict[Key, list[Sum]] = {}
    for sums in window.values():
        for key, part in sums.items():
            parts.setdefault(key, []).append(part)
    ranked: list[array[float]] = []
    targets = [_target(key, parts[key], ranked, _weeks(days, key, last)) for key in sorted(parts)]
    return Statistics(
        first=first.isoformat(),
        last=last.isoformat(),
        runs=sum(target.runs for target in targets),
        failures=sum(target.failures for target in targets),
        interrupted=sum(target.interrupted for target in targets),
        lost=sum(target.lost for target in targets),
        waited_seconds=_seconds(sum(target.waited_seconds for target in targets)),
        cpu_seconds=_seconds(sum(target.cpu_seconds for target in targets)),
        p50_seconds=quantile_of_all(ranked, 50),
        p90_seconds=quantile_of_all(ranked, 90),
        this_week=_week(days, last),
        last_week=_week(days, last - timedelta(days=WEEK)),
        trend=[_day(window, first + timedelta(days=i)) for i in range((last - first).days + 1)],
        targets=targets,
    )


def quantile(ranked: Sequence[float], percent: int) -> float | None:
    """The quantile by nearest rank; None without values."""
    return _seconds(ranked[_rank(len(ranked), percent) - 1]) if ranked else None


def quantile_of_all(parts: Sequence[Sequence[float]], percent: int) -> float | None:
    """The quantile of several sorted parts together; None without values.

    By bisection between values: sorting a million of them again takes longer and four times the memory.
    """
    parts = [part for part in parts if part]
    if not parts:
        return None
    rank = _rank(sum(len(part) for part in parts), percent)
    below, within = -1.0, max(part[-1] for part in parts)
    while within - below > _FINER and below < (middle := (below + within) / 2) < within:
        if sum(bisect_right(part, middle) for part in parts) < rank:
            below = middle
        else:
            within = middle
    above = ((part, bisect_right(part, below)) for part in parts)
    return _seconds(min(part[index] for part, index in above if index < len(part)))


def _rank(count: int, percent: int) -> int:
    return -(-count * percent // 100)


def _target(key: Key, parts: list[Sum], ranked: "list[array[float]]", weeks: tuple[float, float]) -> Target:
    """One target's days as one Target; appends its sorted durations to `ranked`.

    Target by target, so that only one has its durations as objects, which take four times the memory.
    """
    total = Sum()
    for part in parts:
        total.add(part)
    in_order = sorted(total.durations)
    ranked.append(array("d", in_order))
    return Target(
        project=key[0],
        target=key[1],
        runs=total.runs,
        failures=total.failures,
        interrupted=total.interrupted,
        lost=total.lost,
        waited_seconds=_seconds(total.waited),
        p50_seconds=quantile(in_order, 50),
        p90_seconds=quantile(in_order, 90),
        longest_seconds=quantile(in_order, 100),
        cpu_seconds=_seconds(total.cpu),
        peak_memory_bytes=total.peak_kib * 1024,
        this_week_seconds=weeks[0],
        last_week_seconds=weeks[1],
    )


def _weeks(days: Days, key: Key, last: date) -> tuple[float, float]:
    """The time spent waiting for one target in the 7 days up to `last`, and in the 7 before."""
    waits = [
        sums[key].waited if key in (sums := days.get((last - timedelta(days=i)).isoformat(), {})) else 0.0
        for i in range(2 * WEEK)
    ]
    return _seconds(sum(waits[:WEEK])), _seconds(sum(waits[WEEK:]))


def _week(days: Days, last: date) -> Week:
    week = [_day(days, last - timedelta(days=i)) for i in range(WEEK)]
    runs, waited = sum(day.runs for day in week), sum(day.waited_seconds for day in week)
    return Week(week[-1].date, week[0].date, runs, _seconds(waited))


def _day(days: Days, day: date) -> Day:
    totals = days.get(day.isoformat(), {}).values()
    return Day(
        day.isoformat(),
        runs=sum(total.runs for total in totals),
        failures=sum(total.failures for total in totals),
        waited_seconds=_seconds(sum(total.waited for total in totals)),
    )


def _seconds(value: float) -> float:
    return round(value, 3)

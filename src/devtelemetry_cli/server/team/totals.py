"""Totals of runs: made of stored counters, and added up. Pure."""

from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec

from devtelemetry_cli.model import histogram
from devtelemetry_cli.server.team import counters


class Totals(msgspec.Struct, frozen=True, dict=True):
    """Totals of runs. `waited` and `total` are seconds; the latter and `packed` are of the `completed` runs.

    What few readers of it need is computed when asked for.
    """

    runs: int = 0
    failures: int = 0
    interrupted: int = 0
    lost: int = 0
    completed: int = 0
    waited: float = 0.0
    total: float = 0.0
    packed: int = 0  # the histogram of durations (histogram.pack)

    @property
    def failure_rate(self) -> float:
        """Failures per run, 0 without runs."""
        return self.failures / self.runs if self.runs else 0.0

    @property
    def mean(self) -> float:
        """The mean duration of completed runs, 0 without any."""
        return self.total / self.completed if self.completed else 0.0

    @cached_property
    def durations(self) -> Mapping[int, int]:
        """The histogram of durations: bucket -> runs."""
        return histogram.unpack(self.packed)

    @cached_property
    def p50(self) -> float | None:
        """The median duration, interpolated in the histogram; None without completed runs."""
        return histogram.quantile(self.durations, 0.5)

    @cached_property
    def p90(self) -> float | None:
        """The duration that nine of ten completed runs do not exceed; None without any."""
        return histogram.quantile(self.durations, 0.9)


def totals(measures: Mapping[str, float]) -> Totals:
    """The totals of these counters."""
    durations = counters.histogram(measures)
    return Totals(
        **{name: int(measures.get(name, 0)) for name in ("runs", "failures", "interrupted", "lost")},
        completed=sum(durations.values()),
        waited=measures.get("waited", 0.0),
        total=measures.get("total", 0.0),
        packed=histogram.pack(durations),
    )


def added(some: Iterable[Totals]) -> Totals:
    """The sum of `some`. A page adds thousands: sums of each field, one after the other, take half as long again."""
    runs = failures = interrupted = lost = completed = packed = 0
    waited = total = 0.0
    for one in some:
        runs += one.runs
        failures += one.failures
        interrupted += one.interrupted
        lost += one.lost
        completed += one.completed
        waited += one.waited
        total += one.total
        packed += one.packed
    return Totals(runs, failures, interrupted, lost, completed, waited, total, packed)

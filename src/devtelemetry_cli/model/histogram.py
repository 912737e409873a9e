"""Durations as counts in fixed exponential buckets, so that histograms of many days and people can be added.

The buckets are those of OpenTelemetry's exponential histogram at scale 2: bucket `i` holds durations in
seconds with base**i < d <= base**(i + 1), base = 2**(1/4). A run answered with the bucket's geometric
middle is off by at most a factor of base**(1/2), that is 9.1 %.
Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
"""

from bisect import bisect_left
from collections.abc import Mapping

SCALE = 2
BASE = 2 ** (1 / 2**SCALE)
LOWEST, HIGHEST = -40, 79  # from about 1 ms to about 12 days: beyond it counts into the outermost bucket

_UPPER = [2 ** ((i + 1) / 2**SCALE) for i in range(LOWEST, HIGHEST)]


def bucket(seconds: float) -> int:
    """The index of the bucket that holds a duration of `seconds`."""
    return LOWEST + bisect_left(_UPPER, seconds)


def middle(index: int) -> float:
    """The duration in seconds that stands for every run in bucket `index`: its geometric middle."""
    return float(BASE ** (index + 0.5))


def add(into: dict[int, int], other: Mapping[int, int]) -> None:
    """Add the counts of `other` to `into`."""
    for index, count in other.items():
        into[index] = into.get(index, 0) + count


def quantile(buckets: Mapping[int, int], q: float) -> float | None:
    """The `q`-quantile (0 < q <= 1) in seconds; None when empty. Within a few percent typically, 18.9 % at most.

    Interpolated inside its bucket, whose durations are taken as spread evenly on a logarithmic scale. Answered by the
    middle of the bucket, a quantile would not move for months, and then jump by 19 %.
    """
    total = sum(buckets.values())
    seen = 0
    for index in sorted(buckets):
        count = buckets[index]
        if count and seen + count >= q * total:
            half = 0.5 / count  # half a run from either edge: a single one is in the middle
            return float(BASE ** (index + min(max((q * total - seen) / count, half), 1 - half)))
        seen += count
    return None

"""Durations as counts in fixed exponential buckets, so that histograms of many days and people can be added.

The buckets are those of OpenTelemetry's exponential histogram at scale 2: bucket `i` holds durations in
seconds with base**i < d <= base**(i + 1), base = 2**(1/4). A run answered with the bucket's geometric
middle is off by at most a factor of base**(1/2), that is 9.1 %.
Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
"""

from bisect import bisect_left
from collections.abc import Mapping
from struct import Struct

SCALE = 2
BASE = 2 ** (1 / 2**SCALE)
LOWEST, HIGHEST = -40, 79  # from about 1 ms to about 12 days: beyond it counts into the outermost bucket

_BITS = 128  # of a packed count: no sum of counts of 64 bits reaches the next bucket
_HALVES = Struct(f"<{2 * (HIGHEST - LOWEST + 1)}Q")  # of all packed counts
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


def pack(buckets: Mapping[int, int]) -> int:
    """The counts beside each other in one integer: those of many histograms are added some ten times as fast.

    Counts below 1 are left out; one that is negative would borrow from its neighbour.
    """
    return sum(count << _BITS * (index - LOWEST) for index, count in buckets.items() if count > 0)


def unpack(packed: int) -> dict[int, int]:
    """The reverse of `pack`, of a sum too; counts of 0 are left out."""
    halves = _HALVES.unpack(packed.to_bytes(_HALVES.size, "little"))
    counts = zip(range(LOWEST, HIGHEST + 1), halves[::2], halves[1::2], strict=True)
    return {index: low + (high << 64) for index, low, high in counts if low or high}


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

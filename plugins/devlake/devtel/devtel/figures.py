"""Rows of the server -> one row per week and target. Pure, and free of pydevlake."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Optional

SUMS = ("developers", "runs", "failures", "interrupted", "lost", "waited_seconds")
Row = dict[str, Any]


def merged(rows: Iterable[Row]) -> list[Row]:
    """One row per week and target: the server's connections of one project are added up.

    `developers` is a sum of lower bounds, each of at least the server's minimum.
    """
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["week"], row["target"]].append(row)
    return [group[0] if len(group) == 1 else _sum(group) for group in groups.values()]


def percentile(durations: dict[str, int], share: float) -> Optional[float]:
    """The duration in seconds below which `share` of the runs lie; None without runs.

    Bucket i covers 2^(i/4) to 2^((i+1)/4) seconds. Interpolated inside the bucket on a logarithmic scale, as the server
    does it, at most 18.9 % from the true value.
    """
    wanted = share * sum(durations.values())
    seen = 0
    for bucket, runs in sorted((int(bucket), runs) for bucket, runs in durations.items()):
        if runs and seen + runs >= wanted:
            half = 0.5 / runs  # half a run from either edge
            return round(2 ** ((bucket + min(max((wanted - seen) / runs, half), 1 - half)) / 4), 3)
        seen += runs
    return None


def _sum(group: list[Row]) -> Row:
    durations = _counts(row["durations"] for row in group)
    completed = sum(durations.values())
    seconds = sum(row["mean_seconds"] * sum(row["durations"].values()) for row in group)
    return {
        **group[0],
        **{name: sum(row[name] for row in group) for name in SUMS},
        "mean_seconds": round(seconds / (completed or 1), 3),
        "p50_seconds": percentile(durations, 0.5),
        "p90_seconds": percentile(durations, 0.9),
        "durations": durations,
        "exit_codes": _counts(row["exit_codes"] for row in group),
        "checkouts": [part for row in group for part in row["checkouts"]],
    }


def _counts(many: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for one in many:
        for key, count in one.items():
            total[key] += count
    return dict(total)

"""Cells as rows of JSON and CSV, under the same rule as the pages. Pure."""

from collections.abc import Iterable
from typing import Any

from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import Cell, rounded_down
from devtelemetry_cli.server.team.totals import Totals

FIELDS = (
    *("week", "connection", "project", "target", "developers", "runs", "failures", "interrupted", "lost"),
    *("waited_seconds", "mean_seconds", "p50_seconds", "p90_seconds", "durations", "exit_codes", "checkouts"),
)


def rows(cells: Iterable[Cell], k: int) -> list[dict[str, Any]]:
    """A row per week, project, target and connection; an empty target stands for a rest."""
    return [_row(cell, k) for cell in cells]


def figures(total: Totals) -> dict[str, Any]:
    """The plain figures of runs."""
    return {
        "runs": total.runs,
        "failures": total.failures,
        "interrupted": total.interrupted,
        "lost": total.lost,
        "waited_seconds": round(total.waited, 3),
        "mean_seconds": round(total.mean, 3),
        "p50_seconds": _rounded(total.p50),
        "p90_seconds": _rounded(total.p90),
    }


def _row(cell: Cell, k: int) -> dict[str, Any]:
    return {
        "week": cell.week.isoformat(),
        "connection": cell.connection,
        "project": cell.project,
        "target": cell.target,
        "developers": rounded_down(cell.developers, k),
        **figures(cell.totals),
        "durations": {str(bucket): runs for bucket, runs in sorted(cell.totals.durations.items())},
        "exit_codes": {code: int(runs) for code, runs in sorted(cell.exit_codes.items())},
        "checkouts": _checkouts(cell.checkouts),
    }


def _checkouts(places: counters.Counters) -> list[dict[str, Any]]:
    found: dict[str, list[int]] = {}
    for key, count in sorted(places.items()):
        kind, _, where = key.partition(":")
        found.setdefault(where, [0, 0])[kind == "f"] += int(count)
    return [
        {"branch": where.partition(":")[0], "age_days": where.partition(":")[2], "runs": runs, "failures": failures}
        for where, (runs, failures) in found.items()
    ]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

"""A made-up answer of `GET /devtel/v1/digest`, and the Week that it is read as."""

import json
from typing import Any

import msgspec

from devtelemetry_cli.commands.digest.fetch import Week

_FIGURES = {"runs": 100, "failures": 10, "interrupted": 0, "lost": 0, "waited_seconds": 7200.0, "mean_seconds": 70.0}
FIGURES: dict[str, Any] = _FIGURES | {"p50_seconds": 60.0, "p90_seconds": 150.0}


EVENT = {"id": 1, "date": "2026-11-17", "project": "shop", "text": "cache moved to S3"}


def change(target: str = "test", low: float = 0.4, high: float = 0.7, cost: float = 3600.0) -> dict[str, Any]:
    """A target that changed."""
    now = FIGURES | {"p50_seconds": 90.0, "failures": 30}
    span = {"low": low, "high": high, "cost_seconds": cost}
    return {"project": "shop", "target": target, "before": FIGURES, "now": now, **span}


def answer(**changes: Any) -> dict[str, Any]:
    """The object of a week without changes, but for these."""
    quiet: dict[str, Any] = {name: [] for name in ("slower", "faster", "fragile", "robust")}
    made = {
        "minDevelopers": 3,
        "project": None,
        "week": "2026-11-16",
        "until": "2026-11-22",
        "hasFigures": True,
        "weeksBefore": 4,
        "compared": 7,
        "developers": 24,
        "totals": FIGURES,
        "waitedSecondsBefore": 6000.0,
        "targets": [{"project": "shop", "target": "test", "developers": 24, **FIGURES}],
        **quiet,
        "lastReport": "2026-11-25",
        "waitingReports": 0,
        "events": [],
        **changes,
    }
    return made | {"changed": changes.get("changed", {name: len(made[name]) for name in quiet})}


def week(**changes: Any) -> Week:
    """The same, read."""
    return msgspec.json.decode(json.dumps(answer(**changes)), type=Week)

"""DailyMetrics -> the exact bytes of the report."""

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from devtelemetry_cli.model.metrics import SCHEMA, DailyMetrics, Environment, TargetMetrics, developer
from devtelemetry_cli.model.target_names import OTHER
from devtelemetry_cli.report.fields import NOTICE_VERSION, newer_than, without

MAX_TARGETS = 200
MAX_BYTES = 48 * 1024

TEST_WORDS = frozenset({"test", "tests", "check"})
BUILD_WORDS = frozenset({"build", "compile"})


def encode(
    metrics: DailyMetrics, anonymous: str, host_key: str, environment: Environment, notice: int = NOTICE_VERSION
) -> bytes:
    """The exact bytes of the report: same values in, same bytes out, never more than MAX_BYTES.

    Fields that came after the version `notice`, which was agreed to, are left out.

    Keeps as many targets as fit (at most MAX_TARGETS, by runs, ties by name) and sums the rest as `(other)`.
    """
    ranked = sorted(metrics.targets.values(), key=lambda t: (t.target == OTHER, -t.runs, t.project, t.target))
    keep = min(len(ranked), MAX_TARGETS)
    left_out = newer_than(notice)
    while True:
        body = _body(metrics, _fold(ranked, keep), developer(anonymous, host_key), host_key, environment)
        if left_out:
            body = without(body, left_out)
        data = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
        if len(data) <= MAX_BYTES or keep == 0:
            return data
        keep = min(keep - 1, keep * MAX_BYTES // len(data))


def target_object(target: TargetMetrics) -> dict[str, Any]:
    """The object that stands for a target in `metrics.targets`."""
    return {
        "project": target.project,
        "target": target.target,
        "runs": target.runs,
        "failures": target.failures,
        "interrupted": target.interrupted,
        "lost": target.lost,
        "waited_seconds": _milliseconds(target.waited_seconds),
        "duration_total": _milliseconds(target.duration_total),
        "duration_max": _milliseconds(target.duration_max),
        "durations": {str(index): count for index, count in sorted(target.durations.items())},
        "exit_codes": dict(sorted(target.exit_codes.items())),
        "checkouts": [
            {"branch": branch, "age_days": age, "runs": runs, "failures": failures}
            for (branch, age), (runs, failures) in sorted(target.checkouts.items())
        ],
    }


def _milliseconds(seconds: float) -> float:
    """Rounded, and always written as a float: 20 and 20.0 are one value and must be the same bytes."""
    return round(float(seconds), 3)


def _fold(ranked: list[TargetMetrics], keep: int) -> list[TargetMetrics]:
    """The first `keep` targets, and one `(other)` for the rest where there is one."""
    kept, rest = ranked[:keep], ranked[keep:]
    if not rest:
        return kept
    other = TargetMetrics("", OTHER)
    for target in [*rest, *(t for t in kept if (t.project, t.target) == ("", OTHER))]:
        other.add(target)
    return [*(t for t in kept if (t.project, t.target) != ("", OTHER)), other]


def _body(
    metrics: DailyMetrics,
    targets: list[TargetMetrics],
    developer_id: str,
    host_key: str,
    environment: Environment,
) -> dict[str, Any]:
    return {
        "date": metrics.date,
        "developer": developer_id,
        "email": "",
        "name": "",
        "hostname": host_key,
        "metrics": {
            "active_hours": len(metrics.hours),
            "tools_used": ["git", "make"] if metrics.git_seen else ["make"],
            "commands": _commands(targets),
            "projects": sorted({t.project for t in metrics.targets.values() if t.project})[:MAX_TARGETS],
            "development_activity": {
                "test_runs_detected": _runs_named(targets, TEST_WORDS),
                "build_commands_detected": _runs_named(targets, BUILD_WORDS),
            },
            "schema": SCHEMA,
            "revision": metrics.revision,
            "environment": {f.name: getattr(environment, f.name) for f in fields(environment)},
            "targets": [target_object(target) for target in targets],
        },
    }


def _commands(targets: Iterable[TargetMetrics]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for target in targets:
        name = f"make {target.target}"
        counts[name] = counts.get(name, 0) + target.runs
    return dict(sorted(counts.items()))


def _runs_named(targets: Iterable[TargetMetrics], words: frozenset[str]) -> int:
    """Runs of the targets whose name has one of `words` between its separators."""
    separators = str.maketrans("._-/:", "     ")
    return sum(t.runs for t in targets if words.intersection(t.target.translate(separators).split()))

"""The figures at the top of a page, and the change of a row's figures against the period before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from devtelemetry_cli.model.formatting import duration, share
from devtelemetry_cli.server.team.comparison import ENOUGH_RUNS
from devtelemetry_cli.server.team.previous import change, points
from devtelemetry_cli.server.team.statistics import Sides, Summary
from devtelemetry_cli.server.team.totals import Totals


@dataclass(frozen=True)
class Tile:
    """A figure with its name, its change and notes; empty ones are not shown."""

    name: str
    value: str
    change: str = ""
    notes: Sequence[str] = ()


def tiles(shown: Summary, hourly_cost: int) -> list[Tile]:
    """The figures of a page; with an `hourly_cost` also the money."""
    total, changed = shown.totals, changes(shown.sides)
    return [
        Tile("Time waited", duration(total.waited), changed["waited"], money(total.waited, hourly_cost)),
        Tile("Per developer and week", *_per_developer(shown), ["at most, in whole weeks"]),
        Tile("Runs", f"{total.runs:,}", changed["runs"]),
        Tile(
            "Failure rate", share(total.failures, total.runs), changed["failures"], [f"{total.failures:,} runs failed"]
        ),
        Tile("Mean", duration(total.mean) if total.completed else "-", changed["mean"], ["of completed runs"]),
        Tile("p50", duration(total.p50), changed["p50"], ["half of the runs are faster"]),
        Tile("p90", duration(total.p90), changed["p90"], ["nine of ten are faster"]),
        Tile("Developers", f"{shown.developers:,}", _developers(shown), ["at least, in the fullest week"]),
    ]


def changes(sides: Sides) -> dict[str, str]:
    """The change of each figure against the period before, empty where none is known.

    Rates and durations need ENOUGH_RUNS completed runs on each side: those of fewer change by chance.
    """
    now, before = sides.now, sides.before
    if before is None:
        return dict.fromkeys(("waited", "runs", "failures", "mean", "p50", "p90"), "")
    return {"waited": change(now.waited, before.waited), "runs": change(now.runs, before.runs)} | _rates(now, before)


def money(seconds: float, hourly_cost: int) -> list[str]:
    """What that time costs, as a note."""
    return [f"{seconds / 3600 * hourly_cost:,.0f} at {hourly_cost:,} an hour"] if hourly_cost else []


def _rates(now: Totals, before: Totals) -> dict[str, str]:
    if min(now.completed, before.completed) < ENOUGH_RUNS:
        return dict.fromkeys(("failures", "mean", "p50", "p90"), "")
    return {
        "failures": points(now.failure_rate, before.failure_rate),
        "mean": change(now.mean, before.mean),
        "p50": change(now.p50 or 0, before.p50 or 0),
        "p90": change(now.p90 or 0, before.p90 or 0),
    }


def _per_developer(shown: Summary) -> tuple[str, str]:
    if shown.per_developer is None:
        return "-", ""
    before = shown.per_developer_before
    return duration(shown.per_developer), "" if before is None else change(shown.per_developer, before)


def _developers(shown: Summary) -> str:
    return f"before: {shown.developers_before:,}" if shown.developers_before else ""

"""Cells -> the figures of one target's page: durations, exit codes, branches and ages of checkouts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devtelemetry_cli.model import histogram
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import Cell
from devtelemetry_cli.server.team.checkouts import Part, by_age, by_branch
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.statistics import Summary, developers_of, split, summary

BUCKETS_PER_BAR = 4  # of the histogram: a bar reaches from one power of two to the next


@dataclass(frozen=True)
class Detail(Summary):
    """The figures of a target's page. `durations` has (from, to, runs) in seconds."""

    durations: list[tuple[float, float, int]]
    exit_codes: list[Part]
    branches: list[Part]
    ages: list[Part]


def detail(found: Sequence[Cell], period: Period, k: int) -> Detail:
    """The figures of one target's page; `found` has the period before too."""
    cells, before = split(found, period)
    codes = counters.total(cell.exit_codes for cell in cells)
    figures = summary(cells, before, developers_of(found, k), period)
    return Detail(
        **figures,
        durations=_bars(figures["totals"].durations),
        exit_codes=sorted((Part(code, int(runs)) for code, runs in codes.items()), key=lambda p: (-p.runs, p.name)),
        branches=by_branch(cells),
        ages=by_age(cells),
    )


def _bars(durations: Mapping[int, int]) -> list[tuple[float, float, int]]:
    """(from, to, runs): buckets joined to bars from one power of two to the next, without gaps."""
    if not durations:
        return []
    joined: dict[int, int] = {}
    for bucket, runs in durations.items():
        histogram.add(joined, {bucket // BUCKETS_PER_BAR: runs})
    bars = range(min(joined), max(joined) + 1)
    return [(_edge(bar), _edge(bar + 1), joined.get(bar, 0)) for bar in bars]


def _edge(bar: int) -> float:
    return float(2 ** (bar * BUCKETS_PER_BAR / 2**histogram.SCALE))

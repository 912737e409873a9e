"""Runs and failures by branch and by age of the checkout, from the published parts of cells. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from devtelemetry_cli.model.metrics import AGES, BRANCHES
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import Cell


class Checkouts(NamedTuple):
    """Runs and failures on checkouts of one branch or age; an empty name is the rest."""

    name: str
    runs: int
    failures: int


def by_branch(cells: Iterable[Cell]) -> list[Checkouts]:
    """By kind of branch."""
    return _parts(cells, 0, BRANCHES)


def by_age(cells: Iterable[Cell]) -> list[Checkouts]:
    """By age of the checked-out commit, the youngest first."""
    return _parts(cells, 1, AGES)


def _parts(cells: Iterable[Cell], which: int, names: Sequence[str]) -> list[Checkouts]:
    whole: counters.Counters = {}
    for cell in cells:
        counters.add(whole, cell.checkouts)
    found = {name: [0, 0] for name in (*names, "")}
    for key, count in whole.items():
        kind, *where = key.split(":")
        found[where[which]][kind == "f"] += int(count)
    return [Checkouts(name, runs, failures) for name, (runs, failures) in found.items() if runs]

"""Runs and failures by branch and by age of the checkout, from the published parts of cells. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devtelemetry_cli.model.metrics import AGES, BRANCHES
from devtelemetry_cli.server.team.cells import Cell
from devtelemetry_cli.server.team.counters import total


@dataclass(frozen=True)
class Part:
    """A named part of some runs; an empty name is the rest."""

    name: str
    runs: int
    failures: int = 0


def by_branch(cells: Iterable[Cell]) -> list[Part]:
    """By kind of branch."""
    return _parts(cells, 0, BRANCHES)


def by_age(cells: Iterable[Cell]) -> list[Part]:
    """By age of the checked-out commit, the youngest first."""
    return _parts(cells, 1, AGES)


def _parts(cells: Iterable[Cell], which: int, names: Sequence[str]) -> list[Part]:
    """In the order of `names`; the rest comes last."""
    found = {name: [0, 0] for name in (*names, "")}
    for key, count in total(cell.checkouts for cell in cells).items():
        kind, *where = key.split(":")
        found[where[which]][kind == "f"] += int(count)
    return [Part(name, runs, failures) for name, (runs, failures) in found.items() if runs]

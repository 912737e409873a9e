"""A cell's exit codes and checkouts, separated as far as suppression allows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from devtelemetry_cli.server.team.counters import Counters, add, with_prefix
from devtelemetry_cli.server.team.suppression import partition

REST = ""  # the name of everything that is not shown separately


@dataclass
class Breakdown:
    """The totals of a cell's rows, and the developers in each part of it.

    The parts add up to the cell's runs with a known end, since a missing part would be their difference. Runs without
    a known part, those of checkouts outside git and of erased developers, are in the rest.
    """

    whole: Counters = field(default_factory=dict)
    codes: dict[str, set[str]] = field(default_factory=dict)
    places: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # branch -> age -> developers

    def add(self, developer: str, row: Mapping[str, float]) -> None:
        """Count a row of the cell."""
        add(self.whole, row)
        codes, places = with_prefix(row, "x:"), with_prefix(row, "r:")
        for code in [*codes, *([REST] if _left(row, codes) else [])]:
            self.codes.setdefault(code, set()).add(developer)
        for where in [*places, *([_NOWHERE] if _left(row, places) else [])]:
            branch, age = where.split(":")
            self.places.setdefault(branch, {}).setdefault(age, set()).add(developer)

    def exit_codes(self, k: int, cell: Mapping[str, float]) -> Counters:
        """Exit code -> runs; codes of fewer than k developers are under the empty name."""
        codes = with_prefix(self.whole, "x:")
        left = _left(cell, codes)
        separate, _ = partition(self.codes | ({REST: self.codes.get(REST, set())} if left else {}), k)
        made: Counters = {REST: left} if left else {}
        for code, runs in codes.items():
            add(made, {code if code in separate else REST: runs})
        return made

    def checkouts(self, k: int, cell: Mapping[str, float]) -> Counters:
        """`r:BRANCH:AGE` and `f:BRANCH:AGE` -> runs and failures; an empty part stands for the rest.

        A tree: branches are separated first, then ages inside a branch. Two overlapping divisions of the same runs
        could be subtracted from each other.
        """
        left = {
            f"r:{_NOWHERE}": _left(cell, with_prefix(self.whole, "r:")),
            f"f:{_NOWHERE}": cell.get("failures", 0) - sum(with_prefix(self.whole, "f:").values()),
        }
        branches = {branch: set().union(*ages.values()) for branch, ages in self.places.items()}
        if any(left.values()):
            branches.setdefault(REST, set())
        separate, _ = partition(branches, k)
        ages = {branch: partition(self.places[branch], k)[0] for branch in separate}
        made = {where: count for where, count in left.items() if count}
        for kind in ("r", "f"):
            for where, count in with_prefix(self.whole, f"{kind}:").items():
                add(made, {f"{kind}:{_place(where, ages)}": count})
        return made


_NOWHERE = f"{REST}:{REST}"


def _left(cell: Mapping[str, float], parts: Mapping[str, float]) -> float:
    """The runs of `cell` whose end is known and that none of the `parts` has."""
    return cell.get("runs", 0) - cell.get("lost", 0) - sum(parts.values())


def _place(where: str, ages: Mapping[str, set[str]]) -> str:
    branch, age = where.split(":")
    if branch not in ages:
        return _NOWHERE
    return f"{branch}:{age if age in ages[branch] else REST}"

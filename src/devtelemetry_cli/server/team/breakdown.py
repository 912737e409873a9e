"""How a cell's runs ended and on which checkouts they stood, told apart as far as the rule allows (folding). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from devtelemetry_cli.server.team.counters import Measures, add, under
from devtelemetry_cli.server.team.suppression import fold

TOGETHER = ""  # the name of what is not told apart


@dataclass
class Breakdown:
    """What the rows of a cell amount to, and who is in each part of it.

    The parts add up to the runs of the cell whose end is known: what is not told would be their difference. Runs that
    no part is known of are told together with others: those of checkouts outside git, and those of the forgotten.
    """

    whole: Measures = field(default_factory=dict)
    codes: dict[str, set[str]] = field(default_factory=dict)
    places: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # branch -> age -> developers

    def add(self, developer: str, row: Mapping[str, float]) -> None:
        """Count a row of the cell."""
        add(self.whole, row)
        for code in [*under(row, "x:"), *([TOGETHER] if _left(row, row, "x:") else [])]:
            self.codes.setdefault(code, set()).add(developer)
        for where in [*under(row, "r:"), *([_NOWHERE] if _left(row, row, "r:") else [])]:
            branch, age = where.split(":")
            self.places.setdefault(branch, {}).setdefault(age, set()).add(developer)

    def exit_codes(self, k: int, cell: Mapping[str, float]) -> Measures:
        """Exit code -> runs; those that fewer than k developers had are under the empty name."""
        left = _left(cell, self.whole, "x:")
        apart, _ = fold(self.codes | ({TOGETHER: self.codes.get(TOGETHER, set())} if left else {}), k)
        made: Measures = {TOGETHER: left} if left else {}
        for code, runs in under(self.whole, "x:").items():
            add(made, {code if code in apart else TOGETHER: runs})
        return made

    def checkouts(self, k: int, cell: Mapping[str, float]) -> Measures:
        """`r:BRANCH:AGE` and `f:BRANCH:AGE` -> runs and failures; an empty part stands for those told together.

        A tree: branches are told apart first, then ages inside a branch. Two overlapping divisions of the same runs
        could be subtracted from each other.
        """
        left = {f"r:{_NOWHERE}": _left(cell, self.whole, "r:"), f"f:{_NOWHERE}": _left_failures(cell, self.whole)}
        branches = {branch: set().union(*ages.values()) for branch, ages in self.places.items()}
        if any(left.values()):
            branches.setdefault(TOGETHER, set())
        apart, _ = fold(branches, k)
        ages = {branch: fold(self.places[branch], k)[0] for branch in apart}
        made = {where: count for where, count in left.items() if count}
        for kind in ("r", "f"):
            for where, count in under(self.whole, f"{kind}:").items():
                add(made, {f"{kind}:{_place(where, ages)}": count})
        return made


_NOWHERE = f"{TOGETHER}:{TOGETHER}"


def _left(cell: Mapping[str, float], parts: Mapping[str, float], prefix: str) -> float:
    """The runs of `cell` whose end is known and that none of the `parts` under `prefix` has."""
    return cell.get("runs", 0) - cell.get("lost", 0) - sum(under(parts, prefix).values())


def _left_failures(cell: Mapping[str, float], parts: Mapping[str, float]) -> float:
    return cell.get("failures", 0) - sum(under(parts, "f:").values())


def _place(where: str, ages: Mapping[str, set[str]]) -> str:
    branch, age = where.split(":")
    if branch not in ages:
        return _NOWHERE
    return f"{branch}:{age if age in ages[branch] else TOGETHER}"

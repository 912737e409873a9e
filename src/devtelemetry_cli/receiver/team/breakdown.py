"""How a cell's runs ended and on which checkouts they stood, told apart as far as the rule allows (folding). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from devtelemetry_cli.receiver.team.folding import fold
from devtelemetry_cli.receiver.team.measures import Measures, add, under

TOGETHER = ""  # the name of what is not told apart


@dataclass
class Breakdown:
    """What the rows of a cell amount to, and who is in each part of it."""

    whole: Measures = field(default_factory=dict)
    codes: dict[str, set[str]] = field(default_factory=dict)
    places: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # branch -> age -> developers

    def add(self, developer: str, row: Mapping[str, float]) -> None:
        """Count a row of the cell."""
        add(self.whole, row)
        for code in under(row, "x:"):
            self.codes.setdefault(code, set()).add(developer)
        for where in under(row, "r:"):
            branch, age = where.split(":")
            self.places.setdefault(branch, {}).setdefault(age, set()).add(developer)

    def exit_codes(self, k: int) -> Measures:
        """Exit code -> runs; those that fewer than k developers had are under the empty name."""
        apart, _ = fold(self.codes, k)
        made: Measures = {}
        for code, runs in under(self.whole, "x:").items():
            add(made, {code if code in apart else TOGETHER: runs})
        return made

    def checkouts(self, k: int) -> Measures:
        """`r:BRANCH:AGE` and `f:BRANCH:AGE` -> runs and failures; an empty part stands for those told together.

        A tree: branches are told apart first, then ages inside a branch. Two overlapping divisions of the same runs
        could be subtracted from each other.
        """
        branches, _ = fold({branch: set().union(*ages.values()) for branch, ages in self.places.items()}, k)
        ages = {branch: fold(self.places[branch], k)[0] for branch in branches}
        made: Measures = {}
        for kind in ("r", "f"):
            for where, count in under(self.whole, f"{kind}:").items():
                add(made, {f"{kind}:{_place(where, ages)}": count})
        return made


def _place(where: str, ages: Mapping[str, set[str]]) -> str:
    branch, age = where.split(":")
    if branch not in ages:
        return f"{TOGETHER}:{TOGETHER}"
    return f"{branch}:{age if age in ages[branch] else TOGETHER}"

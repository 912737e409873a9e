"""How a cell's runs ended and on which checkouts they stood, told apart as far as the rule allows (folding). Pure."""

from collections.abc import Mapping, Sequence

from devtelemetry_cli.receiver.team.folding import fold
from devtelemetry_cli.receiver.team.measures import Measures, add, under

TOGETHER = ""  # the name of what is not told apart
Shown = tuple[str, Measures]  # a developer, and what a row of theirs in the cell amounts to


def exit_codes(shown: Sequence[Shown], k: int) -> Measures:
    """Exit code -> runs; those that fewer than k developers had are under the empty name."""
    people: dict[str, set[str]] = {}
    for person, whole in shown:
        for code in under(whole, "x:"):
            people.setdefault(code, set()).add(person)
    apart, _ = fold(people, k)
    made: Measures = {}
    for _, whole in shown:
        for code, runs in under(whole, "x:").items():
            add(made, {code if code in apart else TOGETHER: runs})
    return made


def checkouts(shown: Sequence[Shown], k: int) -> Measures:
    """`r:BRANCH:AGE` and `f:BRANCH:AGE` -> runs and failures; an empty part stands for those told together.

    A tree: branches are told apart first, then ages inside a branch. Two overlapping divisions of the same runs
    could be subtracted from each other.
    """
    people: dict[str, dict[str, set[str]]] = {}
    for person, whole in shown:
        for where in under(whole, "r:"):
            branch, age = where.split(":")
            people.setdefault(branch, {}).setdefault(age, set()).add(person)
    branches, _ = fold({branch: set().union(*ages.values()) for branch, ages in people.items()}, k)
    ages = {branch: fold(people[branch], k)[0] for branch in branches}
    made: Measures = {}
    for _, whole in shown:
        for kind in ("r", "f"):
            for where, count in under(whole, f"{kind}:").items():
                add(made, {f"{kind}:{_place(where, ages)}": count})
    return made


def _place(where: str, ages: Mapping[str, set[str]]) -> str:
    branch, age = where.split(":")
    if branch not in ages:
        return ":"
    return f"{branch}:{age if age in ages[branch] else TOGETHER}"

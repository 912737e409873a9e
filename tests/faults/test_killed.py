"""SIGKILL of the wrapper or of make: what was finished stays, and what was not is counted as lost."""

import json
import os
import signal
import subprocess
from datetime import date

import pytest

from tests.helpers.developer import DEVTEL, Developer, wait_for
from tests.helpers.held_build import build, only_child, paused_build, sent_runs, starts, write_makefile
from tests.helpers.report_endpoint import listening

TODAY = date.today().isoformat()  # noqa: DTZ011  journals are named by the local day


@pytest.fixture
def worker(developer: Developer) -> Developer:
    """Who agreed, and has one finished run."""
    write_makefile(developer)
    developer.grant()
    build(developer, "work")
    return developer


def sent_targets(developer: Developer) -> list[dict[str, object]]:
    """The targets of today as a flush tells them."""
    body = json.loads(developer.devtel("flush", "--dry-run").stdout)
    assert body["date"] == TODAY
    targets: list[dict[str, object]] = body["metrics"]["targets"]
    return targets


def test_a_killed_wrapper_leaves_the_finished_run_and_one_that_is_lost(worker: Developer) -> None:
    with paused_build(worker) as wrapper:
        wrapper.kill()
    assert {(target["target"], target["runs"], target["lost"]) for target in sent_targets(worker)} == {
        ("work", 1, 0),
        ("hold", 1, 1),
    }


def test_a_killed_child_make_is_an_end_by_signal_and_not_lost(worker: Developer) -> None:
    with paused_build(worker) as wrapper:
        os.kill(only_child(wrapper.pid), signal.SIGKILL)
        assert wrapper.wait(20) == -signal.SIGKILL
    assert worker.ends()[-1]["signal"] == signal.SIGKILL
    assert all(target["lost"] == 0 for target in sent_targets(worker))


def test_a_killed_outer_make_does_not_keep_the_wrapper_from_its_end(worker: Developer) -> None:
    with paused_build(worker, "make", "hold") as make:
        make.kill()
    assert [end["exit"] for end in worker.ends()] == [0, 0]


def test_a_wrapper_and_its_make_killed_together_are_one_lost_run(worker: Developer) -> None:
    with paused_build(worker) as wrapper:
        os.kill(only_child(wrapper.pid), signal.SIGKILL)
        wrapper.kill()
    assert sum(int(str(target["runs"])) for target in sent_targets(worker)) == 2
    assert len(worker.ends()) + sum(int(str(target["lost"])) for target in sent_targets(worker)) == 2


def test_a_run_that_goes_on_is_neither_counted_nor_lost_and_told_once_it_ended(worker: Developer) -> None:
    with listening() as endpoint:
        worker.project_file(endpoint.url)
        worker.grant()
        with paused_build(worker):
            worker.devtel("flush")
        worker.devtel("flush")
    assert sent_runs(endpoint.requests) == {TODAY: [1]}


def test_a_lost_run_is_told_once_and_its_late_end_makes_no_second_one(worker: Developer) -> None:
    with paused_build(worker) as wrapper:
        wrapper.kill()
    first = sent_targets(worker)
    build(worker, "work")
    second = sent_targets(worker)
    assert [sum(int(str(target["runs"])) for target in targets) for targets in (first, second)] == [2, 3]


def popen(developer: Developer) -> subprocess.Popen[bytes]:
    """A run of 0.3 s, started."""
    return subprocess.Popen([DEVTEL, "wrap", "nap"], cwd=developer.project, env=developer.environ)


@pytest.mark.parametrize("count", [16, pytest.param(64, marks=pytest.mark.slow)])
def test_many_first_runs_at_once_lose_no_line_and_make_one_host_key(developer: Developer, count: int) -> None:
    write_makefile(developer)
    developer.grant()
    runs = [popen(developer) for _ in range(count)]
    assert {run.wait(50) for run in runs} == {0}
    events = [record["event"] for record in developer.records()]
    assert (events.count("start"), events.count("end")) == (count, count)
    assert len(list(developer.state.glob("hosts/*"))) == len(list(developer.state.glob("journal/*/*"))) == 1


@pytest.mark.parametrize("count", [8, pytest.param(48, marks=pytest.mark.slow)])
def test_many_runs_killed_at_once_are_each_finished_or_lost(developer: Developer, count: int) -> None:
    write_makefile(developer)
    developer.grant()
    with paused_build(developer):
        others = [popen(developer) for _ in range(count)]
        for other in others:
            wait_for(lambda: starts(developer) > 1)
            other.kill()
            other.wait(20)
    assert developer.status()["runs_today"] == starts(developer)
    assert developer.status()["damaged_records"] == 0

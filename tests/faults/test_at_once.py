"""Runs, flushes and decisions at the same time, a server and a git that hang: nothing waits, nothing is left."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.helpers import preloaded
from tests.helpers.developer import DEVTEL, Developer, processes_of, wait_for
from tests.helpers.file_damage import TODAY, YESTERDAY
from tests.helpers.held_build import build, paused_build, sent_runs, starts, write_makefile
from tests.helpers.preloaded import Process
from tests.helpers.report_endpoint import HANG, Answer, Endpoint

PATIENCE = 3.0  # seconds within which a build of nothing ends, on a busy machine too


@pytest.fixture
def worker(developer: Developer, endpoint: Endpoint) -> Developer:
    developer.project_file(endpoint.url)
    developer.grant()
    write_makefile(developer)
    return developer


def start(developer: Developer, *command: str) -> Process | subprocess.Popen[bytes]:
    with Path(os.devnull).open("r+b", buffering=0) as nothing:
        files = [nothing.fileno()] * 3
        if command[0] != "wrap":
            return preloaded.start([DEVTEL, *command], developer.environ, files, cwd=developer.project)
        return subprocess.Popen([DEVTEL, *command], cwd=developer.project, env=developer.environ, stderr=nothing)


def test_of_many_flushes_at_once_each_body_is_sent_once(worker: Developer, endpoint: Endpoint) -> None:
    worker.add_runs(YESTERDAY, 2)
    flushes = [start(worker, "flush") for _ in range(8)]
    assert {flush.wait(40) for flush in flushes} <= {0, 75}
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [2]}


def test_runs_during_a_flush_are_told_by_it_or_by_the_next(worker: Developer, endpoint: Endpoint) -> None:
    build(worker, "work")
    flush = start(worker, "flush")
    runs = [start(worker, "wrap", "work") for _ in range(12)]
    assert {run.wait(40) for run in runs} == {0}
    flush.wait(40)
    worker.devtel("flush")
    totals = sent_runs(endpoint.requests)[TODAY.isoformat()]
    assert totals == sorted(totals)
    assert totals[-1] == 13


def test_a_server_that_never_answers_holds_no_build(worker: Developer, endpoint: Endpoint) -> None:
    worker.add_runs(YESTERDAY)
    write_makefile(worker)
    endpoint.otherwise = Answer(body=HANG)
    flush = start(worker, "flush", "--deadline", "20")
    wait_for(lambda: endpoint.requests)
    before = time.monotonic()
    assert build(worker, "work") == build(worker, "work", plain=True)
    assert time.monotonic() - before < PATIENCE
    flush.kill()
    flush.wait(20)
    assert len(worker.ends()) == 2


def fake_git(developer: Developer, script: str) -> None:
    """Put another git in front on the PATH."""
    folder = developer.folder / "tools"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    developer.environ["PATH"] = f"{folder}:{developer.environ['PATH']}"


HANGING = [
    "exec sleep 600",
    "sleep 600; exit 1",
    "trap '' TERM INT HUP; exec sleep 600",
    "exec yes",
    "exec >&-; sleep 600",
]


@pytest.mark.parametrize("script", HANGING)
def test_a_git_that_hangs_holds_no_build_and_is_not_left_behind(worker: Developer, script: str) -> None:
    build(worker, "work")  # what is remembered from now on makes the times comparable
    fake_git(worker, script)
    before = time.monotonic()
    assert build(worker, "work")[0] == 0
    assert time.monotonic() - before < PATIENCE
    assert len(worker.ends()) == 2
    wait_for(lambda: not list(processes_of(worker.folder)), 5)  # killed, which takes a moment


def test_a_fifo_in_place_of_head_holds_no_build(worker: Developer) -> None:
    subprocess.run(["git", "init", "-q", str(worker.project)], check=True)
    (worker.project / ".git" / "HEAD").unlink()
    subprocess.run(["mkfifo", str(worker.project / ".git" / "HEAD")], check=True)
    before = time.monotonic()
    assert build(worker, "work")[0] == 0
    assert time.monotonic() - before < PATIENCE
    assert len(worker.ends()) == 1
    wait_for(lambda: not list(processes_of(worker.folder)), 5)  # killed, which takes a moment


def test_a_run_that_ends_after_its_owner_declined_brings_nothing_back(worker: Developer) -> None:
    with paused_build(worker):
        worker.devtel("consent", "decline")
    left = {name for name in worker.kept() if not name.startswith(("config", "declined", "verdicts"))}
    assert left == set()


def leftovers(developer: Developer, text: str) -> list[Path]:
    return [file for file in developer.state.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


def test_what_a_flush_sent_while_its_owner_declined_is_erased_too(worker: Developer, endpoint: Endpoint) -> None:
    worker.add_runs(YESTERDAY)
    worker.add_runs(TODAY)
    anonymous = str(worker.status()["anonymous_id"])
    endpoint.script = [Answer(body=HANG)]
    flush = start(worker, "flush", "--deadline", "3")
    wait_for(lambda: endpoint.requests)
    worker.devtel("consent", "decline")
    assert flush.wait(20) == 69
    assert worker.devtel("flush").returncode == 0
    assert [request.path.rpartition("/")[2] for request in endpoint.requests] == ["report", "forget"]
    assert leftovers(worker, anonymous) == []


def test_a_decline_stops_a_flush_before_its_next_day(worker: Developer, endpoint: Endpoint) -> None:
    for day in (YESTERDAY, TODAY):
        worker.add_runs(day)
    endpoint.hold.clear()
    flush = start(worker, "flush")
    wait_for(lambda: endpoint.requests)
    worker.devtel("consent", "decline")
    endpoint.hold.set()
    flush.wait(20)
    assert list(sent_runs(endpoint.requests)) == [YESTERDAY.isoformat()]


@pytest.mark.slow
def test_of_decisions_at_once_one_stands_as_a_whole(worker: Developer) -> None:
    for _ in range(3):
        words = ("grant", "decline", "grant", "decline")
        assert {process.wait(40) for process in [start(worker, "consent", word) for word in words]} == {0}
        declined = worker.status()["consent"] == "declined"
        assert bool(list(worker.state.glob("declined/*"))) == declined
        assert ("dropped" in worker.kept()) != declined


def test_a_run_that_goes_on_keeps_its_place_when_others_are_many(worker: Developer) -> None:
    with paused_build(worker):
        runs = [start(worker, "wrap", "work") for _ in range(8)]
        assert {run.wait(40) for run in runs} == {0}
        assert worker.status()["runs_today"] == 8
    assert starts(worker) == len(worker.ends()) == 9

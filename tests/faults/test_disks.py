"""A full disk and a read-only one, mounted for the test alone: the build is as plain, and nothing kept is lost.

The disk is a small tmpfs in a mount namespace of its own, which a process holds open; every command enters it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.file_damage import TODAY, YESTERDAY
from tests.helpers.held_build import build, sent_runs, write_makefile
from tests.helpers.report_endpoint import Endpoint
from tests.helpers.worker import Worker

UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
HOLD = 'mount -t tmpfs -o size=512k,nr_inodes=400 tmpfs "$1" && echo ready && read line'


@dataclass
class Disk:
    """A disk that only this namespace sees, at `place`."""

    place: Path
    enter: list[str]

    def act(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script where the disk is mounted, with the right to mount."""
        command = [*self.enter, "sh", "-c", script, "sh", str(self.place)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def fill(self) -> None:
        """Leave no byte free."""
        assert self.act('head -c 1000000 /dev/zero > "$1/ballast"').returncode != 0

    def empty(self) -> None:
        """Make room again."""
        assert self.act('rm "$1/ballast"').returncode == 0

    def remount(self, option: str) -> None:
        """Mount it anew, "ro" or "rw"."""
        done = self.act(f'mount -o remount,{option} "$1"')
        assert done.returncode == 0, done.stderr


@contextmanager
def mounted(place: Path) -> Iterator[Disk]:
    """A disk at `place`; skips the test where none may be mounted."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("unshare and nsenter are not installed (util-linux)")
    place.mkdir()
    command = [*UNSHARE, "sh", "-c", HOLD, "sh", str(place)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if holder.stdout is None or holder.stdout.readline() != "ready\n":
            pytest.skip("no disk may be mounted here, not even in a namespace of our own")
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        yield Disk(place, ["nsenter", "--target", str(holder.pid), "--mount", *user])
    finally:
        holder.communicate("\n", timeout=20)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def worker(disk: Disk, tmp_path: Path, endpoint: Endpoint) -> Worker:
    """Who agreed, with one run of yesterday that was not sent and one of today; what devtel keeps is on the disk."""
    worker = Worker(tmp_path / "developer", {"DEVTEL_HOME": f"{disk.place}/devtel"})
    worker.enter = [*disk.enter, "sh", "-c", 'cd "$0" && exec "$@"', str(worker.project)]
    worker.project_file(endpoint.url)
    write_makefile(worker)
    assert worker.devtel("consent", "grant").returncode == 0
    assert build(worker, "work")[0] == 0
    assert disk.act(f'cd "$1"/devtel/journal/*/* && cp {TODAY}.jsonl {YESTERDAY}.jsonl').returncode == 0
    return worker


def assert_as_plain(worker: Worker) -> None:
    for target in ("work", "fail"):
        assert build(worker, target) == build(worker, target, plain=True)


def test_on_a_full_disk_builds_go_on_and_what_is_dropped_is_counted(worker: Worker, disk: Disk) -> None:
    disk.fill()
    assert_as_plain(worker)
    status = worker.status()
    assert int(str(status["runs_today"])) + int(str(status["dropped_records"])) >= 3
    assert status["damaged_records"] == 0


def test_a_flush_on_a_full_disk_sends_nothing_it_cannot_note_and_says_so_once(
    worker: Worker, disk: Disk, endpoint: Endpoint
) -> None:
    disk.fill()
    done = worker.devtel("flush", "--verbose")
    assert done.returncode == 75
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
    assert endpoint.requests == []


def test_what_a_full_disk_held_up_is_told_when_there_is_room(worker: Worker, disk: Disk, endpoint: Endpoint) -> None:
    disk.fill()
    worker.devtel("flush")
    build(worker, "work")
    disk.empty()
    build(worker, "work")
    assert worker.devtel("flush").returncode == 0
    recorded = int(str(worker.status()["runs_today"]))
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [1], TODAY.isoformat(): [recorded]}
    assert recorded in (2, 3)


def test_on_a_full_disk_a_grant_says_why_it_cannot_be_kept_and_a_person_may_still_leave(
    worker: Worker, disk: Disk
) -> None:
    disk.fill()
    granted = worker.devtel("consent", "grant")
    assert granted.returncode == 1
    assert granted.stderr.startswith("devtel: The decision cannot be stored")
    assert worker.status()["consent"] == "granted"
    assert worker.devtel("consent", "decline").returncode == 0
    assert worker.status()["consent"] == "declined"


def test_a_read_only_disk_leaves_the_build_alone_and_status_tells_it(worker: Worker, disk: Disk) -> None:
    disk.remount("ro")
    assert_as_plain(worker)
    assert "is not writable: no run is recorded" in str(worker.status()["troubles"])


def test_a_flush_on_a_read_only_disk_sends_nothing_and_says_so_once(
    worker: Worker, disk: Disk, endpoint: Endpoint
) -> None:
    disk.remount("ro")
    done = worker.devtel("flush", "--verbose")
    assert (done.returncode, endpoint.requests) == (75, [])
    assert done.stderr.count("\n") == 1
    assert "Read-only file system" in done.stderr
    disk.remount("rw")
    assert worker.devtel("flush").returncode == 0
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [1], TODAY.isoformat(): [1]}


@pytest.mark.parametrize("word", ["grant", "local", "decline"])
def test_on_a_read_only_disk_a_decision_says_why_it_cannot_be_kept(worker: Worker, disk: Disk, word: str) -> None:
    disk.remount("ro")
    done = worker.devtel("consent", word)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Read-only file system" in done.stderr
    disk.remount("rw")
    assert (worker.status()["consent"], worker.status()["runs_today"]) == ("granted", 1)

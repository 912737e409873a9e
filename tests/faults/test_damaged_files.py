"""Every file that devtel keeps, in every damage: the build is as plain, nothing is lost in silence, status tells."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.file_damage import DAMAGES, FILES, the_file
from tests.helpers.held_build import build, sent_runs
from tests.helpers.report_endpoint import Endpoint, listening
from tests.helpers.worker import Worker, days, working_copy, write_template

DECIDING = ("config.toml", ".devtel.toml")
CODES = {0, 1, 75, 78}  # done, failure, try later, configuration


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with listening() as running:
        yield running


@pytest.fixture(scope="module")
def template(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workplace") / "template"
    write_template(folder, endpoint)
    return folder


@pytest.fixture
def worker(template: Path, endpoint: Endpoint, tmp_path: Path) -> Iterator[Worker]:
    endpoint.requests.clear()
    with working_copy(template, tmp_path / "developer") as person:
        yield person


def each_in_turn() -> list[tuple[str, str]]:
    """Every third file, each with another damage, and a fifo, which blocks a careless reader."""
    kinds = list(DAMAGES)
    turn = [(name, kinds[number % len(kinds)]) for number, name in enumerate(FILES)]
    return [*turn[::3], ("config.toml", "is a fifo")]


SAMPLE = each_in_turn()
CASES = [
    pytest.param(name, damage, id=f"{name} {damage}", marks=[] if (name, damage) in SAMPLE else pytest.mark.slow)
    for name in FILES
    for damage in DAMAGES
]


def flush(worker: Worker) -> subprocess.CompletedProcess[str]:
    """A flush in person; it speaks in sentences and ends with a code of the design."""
    done = worker.devtel("flush", "--verbose", timeout=15)
    assert "Traceback" not in done.stderr
    assert all(line.startswith("devtel: ") for line in done.stderr.splitlines())
    assert done.returncode in CODES
    return done


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_a_damaged_file_leaves_the_build_alone_and_loses_nothing_in_silence(
    worker: Worker, endpoint: Endpoint, name: str, damage: str
) -> None:
    path = the_file(worker, name)
    DAMAGES[damage](path)
    recorded, dropped = worker.recorded(), worker.status()["dropped_records"]
    for target in ("work", "fail"):
        assert build(worker, target) == build(worker, target, plain=True)
    status, recorded = worker.status(), worker.recorded() - recorded
    assert (
        recorded + int(str(status["dropped_records"])) - int(str(dropped)) == 2
        or status["troubles"]
        or name in DECIDING
    )
    first = flush(worker)
    if name not in DECIDING:
        assert_the_rest_is_told(worker, endpoint, name, 2 + recorded, first.returncode)


def assert_the_rest_is_told(worker: Worker, endpoint: Endpoint, name: str, runs_today: int, code: int) -> None:
    """What the damage left is told now, or after the advice was followed: what is in the way is removed."""
    _, yesterday, today = days()
    if code == 0 or name.startswith("journal"):
        assert name == "journal of yesterday" or sent_runs(endpoint.requests)[yesterday][-1] == 3
        assert name == "journal of today" or sent_runs(endpoint.requests)[today][-1] == runs_today
    remove(worker, name)
    flush(worker)
    assert all(runs == sorted(runs) for runs in sent_runs(endpoint.requests).values())
    assert name == "journal of yesterday" or sent_runs(endpoint.requests)[yesterday][-1] == 3


@pytest.mark.parametrize(
    "damage", [pytest.param(d, marks=pytest.mark.slow if n % 4 else []) for n, d in enumerate(DAMAGES)]
)
def test_a_new_grant_mends_a_damaged_config(worker: Worker, endpoint: Endpoint, damage: str) -> None:
    DAMAGES[damage](the_file(worker, "config.toml"))
    assert worker.devtel("consent", "grant").returncode == 0
    before = worker.recorded()
    build(worker, "work")
    assert worker.recorded() == before + 1
    assert worker.status()["consent"] == "granted"
    assert flush(worker).returncode == 0
    kept = damage == "lacks its last byte"  # which is a line break: the agreement still stands
    assert sent_runs(endpoint.requests)[days()[2]] == [3 if kept else 1]


@pytest.mark.parametrize(("name", "damage"), [case for case in CASES if case.values[0] != ".devtel.toml"])
def test_whatever_is_damaged_a_person_may_leave(worker: Worker, name: str, damage: str) -> None:
    anonymous = str(worker.status()["anonymous_id"])
    DAMAGES[damage](the_file(worker, name))
    done = worker.devtel("consent", "decline")
    assert (done.returncode, done.stderr) == (0, "")
    for _ in range(2):
        flush(worker)
    assert worker.status()["consent"] == "declined"
    files = [file for file in worker.state.rglob("*") if file.is_file() and file.name != "erasures.json"]
    assert not [file for file in files if os.access(file, os.R_OK) and anonymous.encode() in file.read_bytes()]
    assert not list(worker.state.glob("journal/*"))


def remove(worker: Worker, name: str) -> None:
    """Take away whatever stands there."""
    for path in worker.state.glob(FILES[name]):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

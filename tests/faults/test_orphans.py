"""A machine's key that was lost or damaged: what was recorded under it is told, shown and tidied all the same."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from devtelemetry_cli.client.journal import writer
from tests.helpers.developer import Developer
from tests.helpers.file_damage import TODAY, YESTERDAY
from tests.helpers.held_build import build, paused_build, sent_runs, write_makefile
from tests.helpers.report_endpoint import Endpoint


@pytest.fixture
def worker(developer: Developer, endpoint: Endpoint) -> Developer:
    """Who recorded three runs of yesterday, not sent yet."""
    developer.project_file(endpoint.url)
    developer.grant()
    developer.add_runs(YESTERDAY, 3)
    write_makefile(developer)
    return developer


def hosts_file(developer: Developer) -> Path:
    (file,) = developer.state.glob("hosts/*")
    return file


LOSSES: dict[str, Callable[[Path], object]] = {
    "lost": lambda path: path.unlink(),
    "cut": lambda path: path.write_text("0bad"),
    "made anew": lambda path: path.write_text("0badcafe"),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_runs_under_a_lost_key_are_still_told(
    worker: Developer, endpoint: Endpoint, lose: Callable[[Path], object]
) -> None:
    lose(hosts_file(worker))
    build(worker, "work")
    assert worker.devtel("flush").returncode == 0
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [3], TODAY.isoformat(): [1]}


def test_status_counts_what_stands_under_a_lost_key(worker: Developer) -> None:
    build(worker, "work")
    hosts_file(worker).unlink()
    build(worker, "work")
    status = worker.status()
    assert (status["runs_today"], status["runs_unsent"]) == (2, 5)


def test_two_keys_of_one_day_are_two_rows_that_never_overwrite_each_other(
    worker: Developer, endpoint: Endpoint
) -> None:
    hosts_file(worker).write_text("0badcafe")
    worker.add_runs(YESTERDAY)
    worker.devtel("flush")
    assert sent_runs(endpoint.requests)[YESTERDAY.isoformat()][1:] == [4]


def test_a_run_that_goes_on_under_a_lost_key_is_not_counted_as_lost(worker: Developer, endpoint: Endpoint) -> None:
    with paused_build(worker):
        hosts_file(worker).unlink()
        worker.devtel("flush")
        assert TODAY.isoformat() not in sent_runs(endpoint.requests)
    worker.devtel("flush")
    assert sent_runs(endpoint.requests)[TODAY.isoformat()] == [1]


def test_a_journal_of_another_host_name_is_sent_too(worker: Developer, endpoint: Endpoint) -> None:
    hosts_file(worker).rename(worker.state / "hosts" / "another-machine")
    build(worker, "work")
    worker.devtel("flush")
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [3], TODAY.isoformat(): [1]}


@pytest.mark.parametrize(("age", "lost"), [(3600, 0), (90_000, 1)], ids=["an hour", "over a day"])
def test_a_run_of_another_host_without_an_end_is_lost_after_a_day(worker: Developer, age: int, lost: int) -> None:
    (file,) = worker.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    start = next(line for line in file.read_text().splitlines() if '"start"' in line)
    grant = json.loads(start)["grant"]
    fields = {"run": "f" * 16, "time": time.time() - age, "offset": 0, "pid": 1, "grant": grant, "target": "work"}
    file.write_bytes(writer.encode("start", fields))
    hosts_file(worker).rename(worker.state / "hosts" / "another-machine")
    assert worker.status()["runs_unsent"] == lost


def test_days_under_a_lost_key_go_after_the_time_they_are_kept(worker: Developer) -> None:
    old = TODAY - timedelta(days=401)
    worker.add_runs(old)
    hosts_file(worker).unlink()
    worker.devtel("flush")
    assert not list(worker.state.glob(f"journal/*/*/{old}.jsonl"))
    assert list(worker.state.glob(f"journal/*/*/{YESTERDAY}.jsonl"))


def test_leaving_erases_what_stands_under_a_lost_key(worker: Developer) -> None:
    hosts_file(worker).unlink()
    worker.devtel("consent", "decline")
    assert not list(worker.state.glob("journal/*"))

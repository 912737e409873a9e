"""What is wrong with one day, destination or erasure holds back no other, and is said in one sentence."""

import json

import pytest

from tests.helpers.developer import Developer
from tests.helpers.file_damage import DAMAGES, DAY_BEFORE, TODAY, YESTERDAY
from tests.helpers.held_build import sent_runs, write_makefile
from tests.helpers.report_endpoint import Endpoint

UNREADABLE = ("is a fifo", "is a folder", "is a loop of links", "is a dangling link")


@pytest.fixture
def worker(developer: Developer, endpoint: Endpoint) -> Developer:
    developer.project_file(endpoint.url)
    developer.grant()
    for day in (DAY_BEFORE, YESTERDAY, TODAY):
        developer.add_runs(day)
    write_makefile(developer)
    return developer


@pytest.mark.parametrize("damage", UNREADABLE)
def test_a_day_that_cannot_be_read_holds_back_no_other(worker: Developer, endpoint: Endpoint, damage: str) -> None:
    (journal,) = worker.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    DAMAGES[damage](journal)
    done = worker.devtel("flush", "--verbose", timeout=15)
    assert done.returncode == 75
    assert f"The records of {YESTERDAY} cannot be used now" in done.stderr
    assert sent_runs(endpoint.requests) == {DAY_BEFORE.isoformat(): [1], TODAY.isoformat(): [1]}
    assert f"The journal of {YESTERDAY} cannot be read" in str(worker.status()["troubles"])


def test_an_entry_that_cannot_be_kept_holds_back_no_other_day(worker: Developer, endpoint: Endpoint) -> None:
    (journal,) = worker.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    ledger = worker.state / "ledger" / journal.parent.relative_to(worker.state / "journal")
    (ledger / f"{YESTERDAY}.json").mkdir(parents=True)
    assert worker.devtel("flush").returncode == 75
    assert sent_runs(endpoint.requests) == {DAY_BEFORE.isoformat(): [1], TODAY.isoformat(): [1]}


def test_damaged_erasures_hold_back_no_report(worker: Developer, endpoint: Endpoint) -> None:
    (worker.state / "erasures.json").write_text("[{")
    done = worker.devtel("flush", "--verbose")
    assert done.returncode == 75
    assert "The list of pending erasures cannot be used now" in done.stderr
    assert len(sent_runs(endpoint.requests)) == 3


def test_a_decision_without_an_address_holds_back_no_other_destination(worker: Developer, endpoint: Endpoint) -> None:
    text = worker.config.read_text()
    table = text[text.index("[consent.") :].replace('[consent."', '[consent."0').replace(endpoint.url, "")
    worker.config.write_text(text + "\n" + table)
    done = worker.devtel("flush", "--verbose")
    assert done.returncode == 78
    assert len(sent_runs(endpoint.requests)) == 3


def test_under_cron_a_state_folder_that_cannot_be_used_is_silent(worker: Developer) -> None:
    (worker.state / "flush.lock").unlink(missing_ok=True)
    (worker.state / "flush.lock").mkdir()
    assert (worker.devtel("flush").stderr, worker.devtel("flush").returncode) == ("", 75)
    assert worker.devtel("flush", "--verbose").stderr.startswith("devtel: The state folder cannot be used now")


def test_the_ledger_keeps_what_was_told_before_the_fault(worker: Developer, endpoint: Endpoint) -> None:
    (journal,) = worker.state.glob(f"journal/*/*/{TODAY}.jsonl")
    DAMAGES["is a fifo"](journal)
    worker.devtel("flush")
    (file,) = worker.state.glob(f"ledger/*/*/{DAY_BEFORE}.json")
    assert json.loads(file.read_text())["state"] == "sent"
    worker.devtel("flush")
    assert len(endpoint.requests) == 2

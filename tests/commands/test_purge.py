"""devtel purge: its days are gone, a sent day is never sent smaller, and everything else stays."""

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pexpect
import pytest

from devtelemetry_cli.client import locks
from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.report_endpoint import Endpoint

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day
OLD, YESTERDAY = TODAY - timedelta(days=5), TODAY - timedelta(days=1)


@pytest.fixture
def reporter(developer: Developer, endpoint: Endpoint) -> Developer:
    """A developer with an old day of two runs that was sent, and three runs of yesterday that were not."""
    developer.project_file(endpoint.url)
    developer.grant()
    developer.add_runs(OLD, 2)
    developer.flush()
    developer.add_runs(YESTERDAY, 3)
    endpoint.requests.clear()
    return developer


def journals(developer: Developer) -> list[str]:
    return sorted(file.stem for file in developer.state.glob("journal/*/*/*.jsonl"))


def everything(developer: Developer) -> dict[str, bytes]:
    return {name: (developer.state / name).read_bytes() for name in developer.kept() if "verdicts" not in name}


def test_a_dry_run_lists_the_days_and_changes_nothing(reporter: Developer) -> None:
    before = everything(reporter)
    done = reporter.devtel("purge", "--dry-run")
    old, new = done.stdout.splitlines()
    assert old.startswith(f"{OLD}  127.0.0.1")
    assert old.endswith("2 runs, 0 never sent")
    assert new.endswith("3 runs, 3 never sent")
    assert done.stderr == "devtel: would be deleted: 5 runs of 2 days, 3 of them never sent.\n"
    assert everything(reporter) == before


def test_it_deletes_the_days_before_a_date_and_no_other(reporter: Developer) -> None:
    done = reporter.devtel("purge", "--before", YESTERDAY.isoformat(), "--yes")
    assert (done.returncode, done.stdout) == (0, "Deleted: 2 runs of 1 day.\n")
    assert journals(reporter) == [YESTERDAY.isoformat()]


def test_a_purged_day_is_never_sent_again(reporter: Developer, endpoint: Endpoint) -> None:
    done = reporter.devtel("purge", "--yes")
    assert done.stdout == "Deleted: 5 runs of 2 days, 3 of them never sent.\n"
    assert reporter.devtel("flush", "-v").returncode == 0
    assert endpoint.requests == []
    assert reporter.status()["runs_unsent"] == 0


def test_a_sent_day_that_continues_is_not_sent_smaller(developer: Developer, endpoint: Endpoint) -> None:
    developer.project_file(endpoint.url)
    developer.grant()
    developer.add_runs(TODAY, 3)
    developer.flush()
    done = developer.devtel("purge", "--yes")
    assert "its later runs are not sent" in done.stderr
    developer.add_runs(TODAY, 4)
    assert developer.devtel("flush", "-v").returncode == 0
    assert len(endpoint.requests) == 1
    assert developer.status()["days_frozen"] == [TODAY.isoformat()]


def test_a_day_that_was_never_sent_starts_again(developer: Developer, endpoint: Endpoint) -> None:
    developer.project_file(endpoint.url)
    developer.grant()
    developer.add_runs(TODAY, 3)
    developer.devtel("purge", "--yes")
    developer.add_runs(TODAY, 1)
    developer.flush()
    (request,) = endpoint.requests
    assert sum(json.loads(request.body)["metrics"]["commands"].values()) == 1


def test_no_report_is_kept_of_a_purged_day_but_declining_still_erases_it(reporter: Developer) -> None:
    anonymous = reporter.status()["anonymous_id"]
    reporter.devtel("purge", "--yes")
    (tombstone,) = [json.loads(file.read_text()) for file in reporter.state.glob("ledger/*/*/20*.json")]
    assert "metrics" not in tombstone["body"]
    reporter.config.write_text("[[[ nonsense")
    reporter.devtel("consent", "decline")
    (erasure,) = json.loads((reporter.state / "erasures.json").read_text())
    assert erasure["anonymous_id"] == anonymous


def test_a_second_purge_finds_nothing(reporter: Developer) -> None:
    reporter.devtel("purge", "--yes")
    done = reporter.devtel("purge", "--yes")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "devtel: there is nothing to delete.\n")


def test_local_records_can_be_purged(developer: Developer) -> None:
    developer.devtel("consent", "local")
    developer.makefile("impl-work:\n\t@true")
    developer.make("work")
    done = developer.devtel("purge", "--dry-run", "--json")
    (day,) = json.loads(done.stdout)["days"]
    assert (day["date"], day["own"], day["runs"], day["never_sent"]) == (TODAY.isoformat(), True, 1, 0)
    assert developer.devtel("purge", "--yes").stdout == "Deleted: 1 run of 1 day.\n"
    assert journals(developer) == []


def test_only_this_destination_is_purged_unless_all_are_meant(reporter: Developer) -> None:
    reporter.project_file("http://127.0.0.1:9/connections/2/report")
    assert reporter.devtel("purge", "--yes").stderr == "devtel: there is nothing to delete.\n"
    assert len(journals(reporter)) == 2
    assert reporter.devtel("purge", "--all", "--yes").stdout.startswith("Deleted: 5 runs")


def test_all_can_be_purged_with_a_damaged_config(reporter: Developer) -> None:
    reporter.config.write_text("[[[ nonsense")
    assert reporter.devtel("purge", "--all", "--yes").returncode == 0
    assert journals(reporter) == []
    assert reporter.config.read_text() == "[[[ nonsense"


def test_an_invalid_date_is_a_usage_error(developer: Developer) -> None:
    for text in ("yesterday", "2026-02-30", "20261122", "2026-W47-7", ""):
        done = developer.devtel("purge", "--yes", "--before", text)
        assert done.returncode == 2
        assert f"Not a valid date: '{text}'. Use YYYY-MM-DD." in done.stderr
    assert developer.kept() == set()


def test_without_a_terminal_yes_is_needed(reporter: Developer) -> None:
    done = reporter.devtel("purge")
    assert done.returncode == 2
    assert "--yes is needed" in done.stderr
    assert len(journals(reporter)) == 2


@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("", 2), ("\x03", 2)])
def test_at_a_terminal_it_asks(reporter: Developer, answer: str, left: int) -> None:
    environ = {**os.environ, **reporter.environ}
    child = pexpect.spawn(DEVTEL, ["purge"], cwd=str(reporter.project), env=environ, timeout=20, encoding="utf-8")
    child.expect_exact("this deletes 5 runs of 2 days, 3 of them never sent.")
    child.expect_exact("Delete them? [y/N]: ")
    child.send(answer if answer == "\x03" else f"{answer}\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == (0 if answer == "y" else 1)
    assert len(journals(reporter)) == left


def test_it_does_not_wait_for_a_running_flush(reporter: Developer) -> None:
    with locks.held(f"{reporter.state}/flush.lock", 0):
        done = reporter.devtel("purge", "--yes")
    assert (done.returncode, done.stdout) == (75, "")
    assert "nothing was deleted" in done.stderr
    assert len(journals(reporter)) == 2


def test_a_damaged_entry_counts_as_sent(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(TODAY, 2)
    reporter.flush()
    (entry,) = reporter.state.glob(f"ledger/*/*/{TODAY}.json")
    entry.write_text("{")
    reporter.devtel("purge", "--yes")
    reporter.add_runs(TODAY, 1)
    endpoint.requests.clear()
    reporter.flush()
    assert endpoint.requests == []


def test_a_day_that_cannot_be_deleted_is_named(reporter: Developer) -> None:
    (old,) = reporter.state.glob(f"journal/*/*/{OLD}.jsonl")
    old.unlink()
    Path(old, "in the way").mkdir(parents=True)
    done = reporter.devtel("purge", "--yes")
    assert done.returncode == 1
    assert f"{old} cannot be deleted" in done.stderr

"""A home that devtel 0.1.0 wrote is read without loss: decisions, records, delivery state, erasures, tokens."""

import json
import os
import signal
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.helpers import home_v0_1_0
from tests.helpers.developer import DEVTEL, Developer, wait_for
from tests.helpers.report_endpoint import HANG, Answer, Endpoint
from tests.helpers.report_server import revised, start_server

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day
YESTERDAY, PURGED, FROZEN = ((TODAY - timedelta(days=count)).isoformat() for count in (1, 2, 3))


@pytest.fixture
def upgraded(developer: Developer, endpoint: Endpoint) -> Developer:
    """A developer whose home was written by 0.1.0, in a repository that asks for the granted address."""
    developer.project_file(endpoint.url)
    home_v0_1_0.write(developer.state, endpoint.url, f"{endpoint.base}/connections/2/report", TODAY)
    return developer


def test_the_status_before_an_upgrade_is_the_status_after_it(upgraded: Developer) -> None:
    status = upgraded.status()
    assert (status["consent"], status["anonymous_id"]) == ("granted", home_v0_1_0.ANONYMOUS)
    assert (status["days_unsent"], status["runs_unsent"], status["days_frozen"]) == ([YESTERDAY], 1, [FROZEN])
    assert status["last_error"] == home_v0_1_0.LAST_ERROR
    assert len(status["pending_erasures"]) == 1  # type: ignore[arg-type]
    assert (status["damaged_ledger_entries"], status["damaged_records"]) == (0, 0)


def test_a_flush_after_an_upgrade_sends_the_rest_and_nothing_smaller(upgraded: Developer, endpoint: Endpoint) -> None:
    done = upgraded.devtel("flush", "--verbose")
    assert done.returncode == 0, done.stderr
    erasure, *reports = endpoint.requests
    assert erasure.path.endswith("/connections/2/forget")
    assert [report.date for report in reports] == [YESTERDAY]
    assert reports[0].headers["authorization"] == "Bearer a-token"
    after = upgraded.status()
    assert (after["days_unsent"], after["days_frozen"], after["pending_erasures"]) == ([], [FROZEN], [])


def test_a_run_after_an_upgrade_is_recorded_under_the_same_agreement(upgraded: Developer) -> None:
    upgraded.makefile("impl-work:\n\t@true")
    assert upgraded.make("work").returncode == 0
    starts = [record for record in upgraded.records() if record["event"] == "start"]
    assert {record["grant"] for record in starts} == {home_v0_1_0.GRANT}
    assert len(starts) == 5


def test_a_day_that_0_1_0_began_is_recorded_on_under_its_key(upgraded: Developer) -> None:
    (folder,) = upgraded.state.glob(f"journal/*/{home_v0_1_0.HOST}")
    (folder / f"{TODAY}.jsonl").touch()
    upgraded.makefile("impl-work:\n\t@true")
    upgraded.make("work")
    assert list(upgraded.state.glob(f"journal/*/*/{TODAY}.jsonl")) == [folder / f"{TODAY}.jsonl"]


def test_a_day_whose_sending_was_killed_is_sent_again_under_its_key(upgraded: Developer, endpoint: Endpoint) -> None:
    (upgraded.state / "erasures.json").unlink()
    endpoint.script = [Answer(body=HANG)]
    first = subprocess.Popen([DEVTEL, "flush", "--verbose"], cwd=upgraded.project, env=upgraded.environ)
    wait_for(lambda: endpoint.requests)
    os.kill(first.pid, signal.SIGKILL)
    first.wait(20)
    assert upgraded.devtel("flush", "--verbose").returncode == 0
    killed, again = endpoint.requests
    assert killed.body == again.body
    assert json.loads(again.body)["hostname"] == home_v0_1_0.HOST


def test_an_upgrade_counts_no_run_twice_at_a_server(developer: Developer, tmp_path: Path) -> None:
    developer.makefile("impl-work:\n\t@true")
    with start_server(tmp_path) as server:
        connection = server.connect()
        url = f"{server.client.base_url}{connection}/report".replace("//plugins", "/plugins")
        developer.project_file(url)
        home_v0_1_0.write(developer.state, url, url.replace("connections/1", "connections/99"), TODAY)
        before = f"{home_v0_1_0.ANONYMOUS}.{home_v0_1_0.HOST}"
        metrics = revised(4) | {"commands": {"make work": 2}}
        assert server.report(connection, date=YESTERDAY, developer=before, metrics=metrics).is_success
        for _ in range(2):
            developer.make("work")
            developer.flush()
        rows = {row["date"][:10]: row for row in server.rows("_tool_developer_metrics", connection)}
    runs = {day: json.loads(row["command_counts"]) for day, row in rows.items()}
    assert runs == {YESTERDAY: {"make work": 3}, TODAY.isoformat(): {"make work": 2}}
    assert rows[YESTERDAY]["developer_id"] == before
    anonymous, _, key = rows[TODAY.isoformat()]["developer_id"].partition(".")
    assert anonymous == home_v0_1_0.ANONYMOUS
    assert key != home_v0_1_0.HOST


def test_a_purged_day_stays_purged_after_an_upgrade(upgraded: Developer) -> None:
    days = upgraded.devtel("purge", "--dry-run").stdout
    assert PURGED not in days
    assert YESTERDAY in days

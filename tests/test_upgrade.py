"""A home that devtel 0.1.0 wrote is read without loss: decisions, records, delivery state, erasures, tokens."""

from datetime import date, timedelta

import pytest

from tests.helpers import home_v0_1_0
from tests.helpers.developer import Developer
from tests.helpers.report_endpoint import Endpoint

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


def test_a_purged_day_stays_purged_after_an_upgrade(upgraded: Developer) -> None:
    days = upgraded.devtel("purge", "--dry-run").stdout
    assert PURGED not in days
    assert YESTERDAY in days

"""devtel status in words, on standard output."""

import re
import time
from datetime import date, timedelta

import pytest

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send.ledger import LATER, Entry, Ledger
from tests.helpers.developer import URL, Developer
from tests.helpers.report_endpoint import Answer, listening

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day


def schedule(developer: Developer) -> None:
    assert developer.devtel("schedule", "install").returncode == 0


def told(developer: Developer) -> dict[str, str]:
    """What stands behind each name."""
    done = developer.devtel("status")
    assert (done.returncode, done.stderr) == (0, "")
    return {name: text.strip() for name, _, text in (line.partition(":") for line in done.stdout.splitlines())}


def test_without_a_decision_there_are_three_lines(developer: Developer) -> None:
    assert told(developer) == {
        "consent": "undecided: nothing was decided yet",
        "destination": URL,
        "measured": "nothing: no GNUmakefile or devtel.mk of devtel is here",
    }


def test_the_way_of_measuring_and_the_make_are_shown(developer: Developer) -> None:
    developer.write_devtel_mk()
    found = told(developer)
    assert found["measured"] == f"chosen targets, by {developer.project.resolve()}/devtel.mk"
    assert re.fullmatch(r"/\S+ \d\S*, not measured \(undecided: nothing was decided yet\)", found["make"])
    developer.grant()
    assert re.fullmatch(r"/\S+ \d\S*, by the wrapper", told(developer)["make"])


@pytest.mark.parametrize(("switch", "value"), [("DO_NOT_TRACK", "1"), ("CI", "true")])
def test_the_switch_that_won_is_named(developer: Developer, switch: str, value: str) -> None:
    developer.grant()
    developer.environ[switch] = value
    assert told(developer)["consent"] == f"off: {switch} is set"


def test_after_a_grant_its_dates_and_the_unsent_runs_are_shown(developer: Developer) -> None:
    anonymous = developer.grant()
    developer.add_runs(TODAY)
    found = told(developer)
    assert found["consent"].startswith("granted on ")
    assert ", until " in found["consent"]
    assert found["anonymous ID"] == anonymous
    assert (found["today"], found["not yet sent"]) == ("1 run recorded", "1 run of 1 day")
    assert (found["last flush"], found["schedule"]) == ("never", "none: `devtel schedule install` sends daily")
    assert "attention" not in found


def test_the_schedule_is_shown_with_its_time(developer: Developer) -> None:
    developer.grant()
    schedule(developer)
    assert re.fullmatch(r"daily at \d\d:\d\d \(crontab\)", told(developer)["schedule"])


def test_old_unsent_reports_without_a_schedule_need_attention(developer: Developer) -> None:
    developer.grant()
    developer.add_runs(TODAY - timedelta(days=3))
    assert told(developer)["attention"].startswith("Reports older than 2 days are not sent, and there is no schedule")
    schedule(developer)
    assert "attention" not in told(developer)


def test_a_pause_is_shown_with_its_end(developer: Developer) -> None:
    with listening() as endpoint:
        endpoint.otherwise = Answer(503, "")
        developer.project_file(endpoint.url)
        developer.grant()
        developer.add_runs(TODAY)
        developer.devtel("flush", "--quiet")
    paused = told(developer)["paused"]
    assert re.fullmatch(r"until \d{4}-\d\d-\d\d \d\d:\d\d; `devtel flush` sends at once", paused)


def test_a_paused_day_is_shown_with_its_end(developer: Developer) -> None:
    developer.grant()
    developer.add_runs(TODAY)
    (host,) = [folder.name for folder in developer.state.glob("journal/*/*")]
    (key,) = [folder.name for folder in developer.state.glob("journal/*")]
    Ledger(StateDir(developer.state), key, host).keep(
        Entry(TODAY.isoformat(), state=LATER, next_try=time.time() + 3600)
    )
    assert re.fullmatch(rf"until \d{{4}}-\d\d-\d\d \d\d:\d\d: {TODAY}", told(developer)["paused days"])
    assert developer.status()["days_paused"] == [TODAY.isoformat()]


def test_the_proxy_that_applies_is_shown_without_its_password(developer: Developer) -> None:
    developer.project_file("http://reports.example/connections/1/report")
    developer.grant()
    developer.environ["HTTP_PROXY"] = "http://me:s3cret@proxy.example:3128"
    assert told(developer)["proxy"] == "http://proxy.example:3128"
    developer.environ["NO_PROXY"] = "reports.example"
    assert "proxy" not in told(developer)


def test_local_recording_shows_nothing_about_sending(developer: Developer) -> None:
    developer.devtel("consent", "local")
    found = told(developer)
    assert found.pop("consent").startswith("local on ")
    assert found.pop("measured")
    assert found == {"destination": URL, "today": "0 runs recorded"}


def test_unreadable_records_are_counted_by_kind(developer: Developer) -> None:
    developer.grant()
    developer.add_runs(TODAY, 2)
    (journal,) = developer.state.glob("journal/*/*/*.jsonl")
    with journal.open("a") as file:
        file.write('\n{"half a li\n{"v":99,"event":"start"}')
    found = told(developer)
    assert found["damaged"] == "1 record"
    assert found["newer"] == "1 record: update devtel to see them"
    assert found["today"] == "2 runs recorded"


def test_a_generated_file_for_another_report_url_needs_attention(developer: Developer) -> None:
    developer.project_file("https://elsewhere.example/connections/2/report")
    developer.write_devtel_mk()
    assert "attention" not in told(developer)
    developer.project_file()
    file = developer.project / "devtel.mk"
    assert told(developer)["attention"] == (
        f"{file} is for another report URL: `devtel makefile` writes it anew; commit it."
    )
    developer.write_devtel_mk()
    assert "attention" not in told(developer)

"""devtel status in words: what a developer reads first, on standard output, and never more than is so."""

from datetime import date

import pytest

from tests.helpers.developer import URL, Developer

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day


def told(developer: Developer) -> dict[str, str]:
    """What stands behind each name."""
    done = developer.devtel("status")
    assert (done.returncode, done.stderr) == (0, "")
    return {name: text.strip() for name, _, text in (line.partition(":") for line in done.stdout.splitlines())}


def test_who_has_not_decided_reads_two_lines(developer: Developer) -> None:
    assert told(developer) == {"consent": "undecided: nothing was decided yet", "destination": URL}


@pytest.mark.parametrize(("switch", "value"), [("DO_NOT_TRACK", "1"), ("CI", "true")])
def test_the_switch_that_won_is_named(developer: Developer, switch: str, value: str) -> None:
    developer.grant()
    developer.environ[switch] = value
    assert told(developer)["consent"] == f"off: {switch} is set"


def test_who_agreed_reads_since_when_until_when_and_what_waits(developer: Developer) -> None:
    anonymous = developer.grant()
    developer.add_runs(TODAY)
    found = told(developer)
    assert found["consent"].startswith("granted on ")
    assert ", until " in found["consent"]
    assert found["anonymous ID"] == anonymous
    assert (found["today"], found["not yet sent"]) == ("1 run recorded", "1 run of 1 day")
    assert (found["last flush"], found["next flush"]) == ("never", "when `devtel flush` runs")


def test_who_records_for_themselves_reads_of_no_sending(developer: Developer) -> None:
    developer.devtel("consent", "local")
    found = told(developer)
    assert found.pop("consent").startswith("local on ")
    assert found == {"destination": URL, "today": "0 runs recorded"}


def test_records_that_cannot_be_read_are_told_by_kind(developer: Developer) -> None:
    developer.grant()
    developer.add_runs(TODAY, 2)
    (journal,) = developer.state.glob("journal/*/*/*.jsonl")
    with journal.open("a") as file:
        file.write('\n{"half a li\n{"v":99,"event":"start"}')
    found = told(developer)
    assert found["damaged"] == "1 record"
    assert found["newer"] == "1 record: update devtel to see them"
    assert found["today"] == "2 runs recorded"

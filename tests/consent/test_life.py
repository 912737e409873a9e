"""The whole life of consent: expiry, changed terms, moved addresses, several destinations, leaving."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from test_question import PROMPT, end, terminal

from support import Developer

OTHER_URL = "http://127.0.0.1:9/plugins/developer_telemetry/connections/2/report"
MAKEFILE = "impl-work:\n\t@echo worked\n"


@pytest.fixture
def builder(developer: Developer) -> Developer:
    """A developer with a wrapped target."""
    developer.makefile(MAKEFILE)
    return developer


def date_back(developer: Developer, days: int) -> None:
    """Let every decision have been made some days earlier."""
    earlier = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = re.sub(r"^decided = .*", f"decided = {earlier}", developer.config.read_text(), flags=re.M)
    developer.config.write_text(text)


def asked(developer: Developer, keys: str) -> str:
    """What is shown before the question at the end of a run, which is answered with `keys`."""
    with terminal(developer, "make", "work") as child:
        child.expect_exact(PROMPT)
        shown = str(child.before)
        child.send(keys)
        end(child)
        return shown


def test_an_agreement_ends_after_thirteen_months(builder: Developer) -> None:
    builder.grant()
    date_back(builder, 400)
    builder.make("work")
    assert builder.records() == []
    status = builder.status()
    assert status["consent"] == "undecided"
    assert "ended on" in str(status["rule"])


def test_within_thirteen_months_it_holds(builder: Developer) -> None:
    builder.grant()
    date_back(builder, 390)
    builder.make("work")
    assert len(builder.ends()) == 1


def test_an_agreement_that_ended_is_asked_for_again_and_renewed_under_the_same_id(builder: Developer) -> None:
    anonymous = builder.grant()
    date_back(builder, 400)
    assert "You agreed to this on" in asked(builder, "yes\r")
    assert builder.status()["anonymous_id"] == anonymous
    builder.make("work")
    assert len(builder.ends()) == 1


def test_an_agreement_that_ended_sends_nothing(builder: Developer) -> None:
    builder.grant()
    builder.make("work")
    date_back(builder, 400)
    assert builder.devtel("flush", "--dry-run").stdout == ""


@pytest.mark.parametrize("name", ["organisation", "purpose", "contact"])
def test_only_the_difference_is_shown_first_when_terms_changed(builder: Developer, name: str) -> None:
    builder.project_file(**{name: "before"})
    builder.grant()
    builder.project_file(**{name: "afterwards"})
    shown = asked(builder, "yes\r")
    differences = [line.strip() for line in shown.splitlines() if line.startswith("  - ")]
    assert differences == [f"- {name}: was before, is now afterwards"]
    with terminal(builder, "make", "work") as child:
        assert PROMPT not in end(child)


def test_until_it_is_answered_the_old_agreement_records_on(builder: Developer) -> None:
    builder.grant()
    builder.project_file(purpose="something new")
    asked(builder, "\r")
    assert len(builder.ends()) == 1
    assert builder.status()["consent"] == "granted"


def test_no_to_changed_terms_ends_the_agreement_and_erases(builder: Developer) -> None:
    builder.grant()
    builder.project_file(purpose="something new")
    asked(builder, "no\r")
    assert builder.records() == []
    assert builder.status()["consent"] == "declined"


def test_an_address_that_changed_under_you_is_another_question(builder: Developer) -> None:
    first = builder.grant()
    builder.project_file(OTHER_URL)
    shown = asked(builder, "yes\r")
    assert "This is another address than" in shown
    assert builder.status()["anonymous_id"] != first


def test_an_address_from_the_environment_says_so(builder: Developer) -> None:
    builder.environ["DEVTEL_REPORT_URL"] = OTHER_URL
    assert "comes from DEVTEL_REPORT_URL in your environment" in asked(builder, "\r")


def test_an_address_from_the_users_own_config_says_so(builder: Developer) -> None:
    builder.project_file("")
    builder.state.mkdir()
    builder.config.write_text(f'report_url = "{OTHER_URL}"\n')
    shown = asked(builder, "yes\r")
    assert "comes from your own config" in shown
    assert "Who asks: not given" in shown
    assert builder.config.read_text().count(OTHER_URL) == 2, "the setting is kept beside the decision"


def test_several_destinations_stand_beside_each_other(builder: Developer) -> None:
    builder.grant()
    builder.project_file(OTHER_URL)
    builder.devtel("consent", "local")
    known = json.loads(builder.devtel("consent", "list", "--json").stdout)
    assert sorted((each["state"], each["destination"][-20:]) for each in known) == [
        ("granted", "connections/1/report"),
        ("local", "connections/2/report"),
    ]
    assert builder.devtel("consent", "list").stdout.count("since") == 2


def test_the_list_of_who_never_decided_is_empty(builder: Developer) -> None:
    assert json.loads(builder.devtel("consent", "list", "--json").stdout) == []
    assert "nothing was decided" in builder.devtel("consent", "list").stderr


def test_leaving_everywhere_takes_one_command(builder: Developer) -> None:
    ids = [builder.grant()]
    builder.make("work")
    builder.project_file(OTHER_URL)
    ids.append(builder.grant())
    builder.make("work")
    assert builder.devtel("consent", "decline", "--all").returncode == 0
    assert builder.records() == []
    assert not any(each in (builder.state / name).read_text() for each in ids for name in builder.kept())


def test_forgetting_erases_what_was_and_goes_on_under_a_new_id(builder: Developer) -> None:
    before = builder.grant()
    builder.make("work")
    builder.devtel("flush", "--verbose")
    assert builder.devtel("consent", "forget").returncode == 0
    assert builder.records() == []
    assert builder.status()["anonymous_id"] not in (None, before)
    assert builder.status()["pending_erasures"]
    builder.make("work")
    assert len(builder.ends()) == 1


def test_a_damaged_config_that_was_moved_aside_keeps_no_id_after_leaving(builder: Developer) -> None:
    anonymous = builder.grant()
    builder.config.write_text(builder.config.read_text() + "[[[")
    builder.devtel("consent", "decline")
    assert not any(anonymous in (builder.state / name).read_text() for name in builder.kept())


def test_an_agreement_that_ends_between_two_runs_is_asked_for_again(builder: Developer) -> None:
    builder.grant()
    builder.make("work")
    (memory,) = builder.state.glob("verdicts/*")
    lines = memory.read_text().split("\n")
    lines[6] = "1000"  # remembered as granted until a time that is over
    memory.write_text("\n".join(lines))
    date_back(builder, 400)
    stamp = builder.place.made_from
    memory.write_text("\n".join([lines[0], stamp, *lines[2:]]))
    assert "You agreed to this on" in asked(builder, "\r")


def test_a_move_to_ones_own_journal_that_a_crash_cut_short_doubles_nothing(builder: Developer) -> None:
    builder.grant()
    builder.make("work")
    (theirs,) = builder.state.glob("journal/*/*/*.jsonl")
    own = theirs.parent.parent.with_name(f"{theirs.parent.parent.name}.local") / theirs.parent.name / theirs.name
    own.parent.mkdir(parents=True)
    own.write_bytes(theirs.read_bytes())
    builder.devtel("consent", "local")
    assert len(builder.records()) == 2

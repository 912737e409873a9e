"""The whole life of consent: expiry, changed terms, moved addresses, several destinations, leaving."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from devtelemetry_cli.report.fields import NOTICE_VERSION
from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.question_terminal import PROMPT, SCHEDULE, end, terminal

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
        if keys.startswith("y"):
            child.expect_exact(SCHEDULE)
            child.send("n\r")
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
    shown = asked(builder, "yes\r")
    assert re.search(
        r"You agreed to this on \S+\. That ended on \S+; nothing is recorded since\.", " ".join(shown.split())
    )
    assert "Sent: runs" in shown
    assert builder.status()["anonymous_id"] == anonymous
    builder.make("work")
    assert len(builder.ends()) == 1


def test_an_agreement_that_ended_says_what_changed_meanwhile_and_claims_no_old_terms(builder: Developer) -> None:
    builder.grant()
    date_back(builder, 400)
    builder.project_file(purpose="rank people")
    shown = asked(builder, "\r")
    assert "  - purpose: was not given, is now rank people" in shown
    assert "old terms hold" not in shown


def test_an_agreement_that_ended_sends_nothing(builder: Developer) -> None:
    builder.grant()
    builder.make("work")
    date_back(builder, 400)
    assert builder.devtel("flush", "--dry-run").stdout == ""


@pytest.mark.parametrize("name", ["organisation", "purpose", "contact"])
def test_only_the_difference_is_shown_when_terms_changed(builder: Developer, name: str) -> None:
    builder.project_file(**{name: "before"})
    builder.grant()
    builder.project_file(**{name: "afterwards"})
    shown = asked(builder, "yes\r")
    differences = [line.strip() for line in shown.splitlines() if line.startswith("  - ")]
    assert differences == [f"- {name}: was before, is now afterwards"]
    assert ">>>  127.0.0.1:9  <<<" in shown
    assert "Sent: runs" not in shown
    with terminal(builder, "make", "work") as child:
        assert PROMPT not in end(child)


def test_devtel_consent_shows_changed_terms_in_the_same_way_and_all_of_them_for_the_asking(builder: Developer) -> None:
    builder.grant()
    builder.project_file(purpose="something new")
    with terminal(builder, DEVTEL, "consent") as child:
        child.expect_exact(PROMPT)
        assert "purpose: was not given, is now something new" in str(child.before)
        assert "metrics.environment" not in str(child.before)
        child.send("show\r")
        child.expect_exact("metrics.environment.memory_gib")
        child.expect_exact(PROMPT)
        child.send("\r")
        end(child)


def test_a_new_version_of_the_notice_does_not_show_all_its_fields_again(builder: Developer) -> None:
    builder.grant()
    pretend_an_older_notice(builder)
    shown = " ".join(asked(builder, "\r").split())
    assert f"the list of what is sent: was version {NOTICE_VERSION - 1}, is now {NOTICE_VERSION}" in shown
    assert "metrics.active_hours" not in shown


def pretend_an_older_notice(developer: Developer) -> None:
    """Let the agreement be about the version of the notice before this one."""
    text = developer.config.read_text()
    older = text.replace(f"notice = {NOTICE_VERSION}\n", f"notice = {NOTICE_VERSION - 1}\n")
    developer.config.write_text(re.sub('notice_hash = ".', 'notice_hash = "x', older))


def test_wording_that_changed_without_a_difference_to_tell_shows_it_all(builder: Developer) -> None:
    builder.grant()
    builder.config.write_text(re.sub('notice_hash = ".', 'notice_hash = "x', builder.config.read_text()))
    shown = asked(builder, "\r")
    assert "  - the wording of the notice" in shown
    assert "Sent: runs" in shown


def test_changed_terms_are_told_by_who_is_asked_what_stands(builder: Developer) -> None:
    builder.grant()
    builder.project_file(organisation="Umbrella")
    shown = builder.devtel("consent", "show").stdout
    assert shown.startswith("granted on ")
    assert "Until then the old terms apply:\n  - organisation: was Acme, is now Umbrella\n" in shown
    assert any("have changed" in trouble for trouble in cast("list[str]", builder.status()["troubles"]))
    builder.grant()
    assert "have changed" not in builder.devtel("consent", "show").stdout
    assert builder.status()["troubles"] == []


@pytest.mark.parametrize(
    ("before", "said"),
    [("local", "you record for yourself only; those records are never sent"), ("decline", "You declined this on")],
)
def test_who_decided_otherwise_before_is_reminded_of_it(builder: Developer, before: str, said: str) -> None:
    builder.devtel("consent", before)
    with terminal(builder, DEVTEL, "consent") as child:
        child.expect_exact(PROMPT)
        assert said in str(child.before)
        child.send("\r")
        end(child)


def test_until_it_is_answered_the_old_agreement_records_on(builder: Developer) -> None:
    builder.grant()
    builder.project_file(purpose="something new")
    asked(builder, "\r")
    assert len(builder.ends()) == 1
    assert builder.status()["consent"] == "granted"


def test_never_to_changed_terms_ends_the_agreement_and_erases(builder: Developer) -> None:
    builder.grant()
    builder.project_file(purpose="something new")
    asked(builder, "never\r")
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
    known = json.loads(builder.devtel("consent", "list", "--json").stdout)["decisions"]
    assert sorted((each["state"], each["destination"][-20:]) for each in known) == [
        ("granted", "connections/1/report"),
        ("local", "connections/2/report"),
    ]
    assert builder.devtel("consent", "list").stdout.count("since") == 2


def test_the_list_of_who_never_decided_is_empty(builder: Developer) -> None:
    assert json.loads(builder.devtel("consent", "list", "--json").stdout) == {"decisions": []}
    assert "there is no consent decision yet" in builder.devtel("consent", "list").stderr


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
    stamp = builder.context.fingerprint
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

"""Settings and decisions -> the verdict, with the sentence of the rule that won."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devtelemetry_cli import consent
from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.consent import decisions, terms
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import parse
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.settings import ProjectFile, UserConfig
from devtelemetry_cli.report.fields import NOTICE_VERSION
from tests.helpers.samples import DESTINATION, NOON, TERMS, URL, tree

PROJECT = f"""\
organisation = "Example Ltd"
purpose = "faster builds"
contact = "dx@example.com"
report_url = "{URL}"
project = "shop"
targets = ["dev.%"]
default_branch = "trunk"
"""
YEARS_LATER = datetime(2028, 1, 1, tzinfo=UTC).timestamp()


class Desk:
    """A config, a state folder and a project file to judge."""

    def __init__(self, folder: Path) -> None:
        self.state = StateDir(folder / "state", str(folder / "config.toml"))
        self.project = folder / ".devtel.toml"
        self.project.write_text(PROJECT)

    def judge(self, environ: dict[str, str] | None = None, now: float = NOON + 60) -> ConsentStatus:
        return consent.judge(Context(environ or {}, self.state, project=str(self.project)), now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_undecided_records_nothing_and_may_ask(desk: Desk) -> None:
    answer = desk.judge()
    assert (answer.state, answer.ask, answer.grant) == (consent_cache.UNDECIDED, True, "")
    assert (answer.rule, answer.journal) == ("nothing was decided yet", DESTINATION.key)
    assert not answer.records(NOON)


def test_granted_records_under_the_agreement_until_it_ends(desk: Desk) -> None:
    decision = consent.grant(desk.state, TERMS, NOON)
    answer = desk.judge()
    assert (answer.state, answer.grant, answer.journal) == (consent_cache.GRANTED, decision.grant, DESTINATION.key)
    assert (answer.rule, answer.ask) == ("granted on 2026-11-22", False)
    assert answer.until == datetime(2027, 12, 22, 12, tzinfo=UTC).timestamp()
    assert (answer.project, answer.targets, answer.default_branch) == ("shop", ("dev.%",), "trunk")


def test_local_records_in_a_journal_of_its_own_and_is_never_asked_again(desk: Desk) -> None:
    consent.local(desk.state, TERMS, NOON)
    answer = desk.judge(now=YEARS_LATER)
    assert (answer.state, answer.journal, answer.ask) == (consent_cache.LOCAL, f"{DESTINATION.key}.local", False)
    assert answer.records(YEARS_LATER)


def test_declined_records_nothing_and_is_never_asked_again(desk: Desk) -> None:
    consent.decline(desk.state, DESTINATION.key, URL, NOON)
    answer = desk.judge(now=YEARS_LATER)
    assert (answer.state, answer.rule, answer.ask) == (consent_cache.DECLINED, "declined on 2026-11-22", False)
    assert not answer.records(YEARS_LATER)


def test_a_grant_that_ended_is_undecided_and_asked_again(desk: Desk) -> None:
    consent.grant(desk.state, TERMS, NOON)
    end = desk.judge().until
    assert desk.judge(now=end - 1).state == consent_cache.GRANTED
    answer = desk.judge(now=end)
    assert (answer.state, answer.ask, answer.grant) == (consent_cache.UNDECIDED, True, "")
    assert answer.rule == "the agreement of 2026-11-22 ended on 2027-12-22"


@pytest.mark.parametrize("name", ["DEVTEL_DISABLED", "DO_NOT_TRACK", "CI"])
def test_a_switch_wins_over_every_decision(desk: Desk, name: str) -> None:
    consent.grant(desk.state, TERMS, NOON)
    answer = desk.judge({name: "1"})
    assert (answer.state, answer.rule, answer.ask) == (consent_cache.OFF, f"{name} is set", False)


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("config.toml", "[[["),
        ("config.toml", "keep_days = 0"),
        ("config.toml", "[consent]\nkey = 1"),
        (".devtel.toml", "[[["),
        (".devtel.toml", "organisation = 1"),
        (".devtel.toml", "report_url = 'ftp://x'"),
        (".devtel.toml", f"report_url = '{URL}'\ntargets = 'all'"),
    ],
)
def test_what_is_damaged_means_off_and_not_undecided(desk: Desk, tmp_path: Path, which: str, text: str) -> None:
    consent.grant(desk.state, TERMS, NOON)
    (tmp_path / which).write_text(text)
    answer = desk.judge()
    assert (answer.state, answer.ask) == (consent_cache.OFF, False)
    assert "URL" in answer.rule or which in answer.rule


@pytest.mark.parametrize(
    ("decided", "now"),
    [("9999-12-31T23:59:59Z", NOON), ("0001-01-01T00:00:00+10:00", NOON), ("2026-11-22T12:00:00", -1e9)],
)
def test_no_date_of_a_decision_raises_or_hangs(desk: Desk, tmp_path: Path, decided: str, now: float) -> None:
    entry = f'state = "granted"\ngrant = "g"\nanonymous_id = "i"\ndecided = {decided}\n'
    (tmp_path / "config.toml").write_text(f'[consent."{DESTINATION.key}"]\n{entry}')
    assert desk.judge(now=now).state in (consent_cache.OFF, consent_cache.GRANTED)


def test_agreeing_to_one_destination_never_covers_another(desk: Desk) -> None:
    consent.grant(desk.state, TERMS, NOON)
    desk.project.write_text(PROJECT.replace("/1/", "/2/"))
    assert desk.judge().state == consent_cache.UNDECIDED
    assert desk.judge({"DEVTEL_REPORT_URL": URL}).state == consent_cache.GRANTED


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Example Ltd", "Other Ltd", "organisation"),
        ("faster builds", "watching you", "purpose"),
        ("dx@example.com", "", "contact"),
    ],
)
def test_changed_terms_are_asked_again_while_what_was_agreed_to_goes_on(
    desk: Desk, old: str, new: str, said: str
) -> None:
    decision = consent.grant(desk.state, TERMS, NOON)
    desk.project.write_text(PROJECT.replace(old, new))
    answer = desk.judge()
    assert (answer.state, answer.ask, answer.grant) == (consent_cache.GRANTED, True, decision.grant)
    (difference,) = terms.differences(replace(TERMS, **{said: new}), decision)
    assert difference.startswith(f"{said}: was {old}, is now")


def test_an_older_notice_is_a_difference(desk: Desk) -> None:
    older = replace(consent.grant(desk.state, TERMS, NOON), notice=0, notice_hash="an older one")
    assert terms.differences(TERMS, older) == [f"the list of what is sent: was version 0, is now {NOTICE_VERSION}"]


def test_a_project_file_beside_the_agreement_changes_no_terms(desk: Desk) -> None:
    consent.grant(desk.state, TERMS, NOON)
    desk.project.write_text(PROJECT.replace('"shop"', '"other"').replace("dev.%", "all"))
    answer = desk.judge()
    assert (answer.ask, answer.project, answer.targets) == (False, "other", ("all",))


def test_without_an_address_nobody_is_asked_and_only_local_records(desk: Desk) -> None:
    desk.project.write_text("")
    answer = desk.judge()
    assert (answer.state, answer.ask, answer.journal) == (consent_cache.UNDECIDED, False, "nowhere")
    assert answer.rule == "no report URL is set, and nothing was decided"
    consent.local(desk.state, None, NOON)
    assert (desk.judge().state, desk.judge().journal) == (consent_cache.LOCAL, "nowhere.local")


def test_an_address_of_the_user_serves_projects_that_name_none(desk: Desk, tmp_path: Path) -> None:
    desk.project.write_text('organisation = "Example Ltd"\n')
    (tmp_path / "config.toml").write_text(f'report_url = "{URL}"\n')
    assert (desk.judge().state, desk.judge().journal) == (consent_cache.UNDECIDED, DESTINATION.key)


def test_the_terms_in_a_place_are_those_of_the_address_that_applies() -> None:
    project = ProjectFile(organisation="Example Ltd", report_url=URL)
    mine = UserConfig(report_url=URL.replace("/1/", "/2/"))
    asked = consent.asked_terms({}, mine, project)
    assert asked is not None
    assert (asked.destination.url, asked.organisation) == (URL, "Example Ltd")
    asked = consent.asked_terms({"DEVTEL_REPORT_URL": URL}, mine, project)
    assert asked is not None
    assert asked.organisation == ""
    assert consent.asked_terms({}, UserConfig(), ProjectFile()) is None


def test_judging_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    before = tree(tmp_path)
    desk.judge()
    (tmp_path / "config.toml").write_text("[[[")
    desk.judge()
    assert tree(tmp_path) == sorted([*before, "config.toml"])


def test_a_grant_is_found_again_from_the_file_alone(desk: Desk) -> None:
    decision = consent.grant(desk.state, TERMS, NOON)
    assert decisions.find(desk.state.config, DESTINATION.key) == decision


def test_another_wording_alone_is_a_difference(desk: Desk) -> None:
    granted = replace(consent.grant(desk.state, TERMS, NOON), notice_hash="of another wording")
    assert terms.differences(TERMS, granted) == ["the wording of the notice"]


def test_a_declined_repository_stays_declined_whatever_the_environment_says(desk: Desk) -> None:
    elsewhere = replace(TERMS, destination=parse(URL.replace("/1/", "/2/")))
    consent.grant(desk.state, elsewhere, NOON)
    environ = {"DEVTEL_REPORT_URL": elsewhere.destination.url}
    assert desk.judge(environ).state == consent_cache.GRANTED
    consent.decline(desk.state, DESTINATION.key, URL, NOON)
    assert (desk.judge(environ).state, desk.judge(environ).ask) == (consent_cache.DECLINED, False)


def test_the_marker_alone_is_enough_to_be_declined(desk: Desk) -> None:
    consent.grant(desk.state, TERMS, NOON)
    marker = Path(desk.state.declined_marker(DESTINATION.key))
    marker.parent.mkdir()
    marker.touch()
    assert (desk.judge().state, desk.judge().rule, desk.judge().ask) == (consent_cache.DECLINED, "declined", False)
    consent.grant(desk.state, TERMS, NOON)
    assert desk.judge().state == consent_cache.GRANTED

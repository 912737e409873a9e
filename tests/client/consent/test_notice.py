"""What a person is asked: everything that is agreed to stands in it, and nothing else can stand out."""

from dataclasses import replace

import pytest

from devtelemetry_cli.client import destination, settings, text
from devtelemetry_cli.client.consent import notice
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION
from tests.helpers.samples import DESTINATION, TERMS, URL

PROJECT = settings.ProjectFile(organisation="Example Ltd", purpose="faster builds", contact="dx@example.com")
AGREED = {
    "organisation": "Example Ltd",
    "purpose": "faster builds",
    "contact": "dx@example.com",
    "measured": notice.CHOSEN,
    "notice": str(NOTICE_VERSION),
}


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_full_notice_lists_every_field_with_its_meaning() -> None:
    text = flat(notice.full(TERMS))
    assert all(flat(f"- {field.path}: {field.meaning}") in text for field in FIELDS)
    assert f"version {NOTICE_VERSION}" in text


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_both_notices_say_who_asks_what_for_and_where_to(show: object) -> None:
    text = flat(show(TERMS))  # type: ignore[operator]
    for part in ("Example Ltd", "faster builds", "dx@example.com", URL, "DEVLAKE.EXAMPLE.COM", notice.NEVER):
        assert part in text


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_the_destinations_host_stands_on_a_line_of_its_own(show: object) -> None:
    assert "    >>>  DEVLAKE.EXAMPLE.COM  <<<" in show(TERMS).splitlines()  # type: ignore[operator]


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_the_host_is_the_last_thing_before_the_answer_however_long_the_rest(show: object) -> None:
    flood = "Agreed already. " * 20
    asked = replace(TERMS, organisation=flood, purpose="字" * 300, contact=flood, targets=("a",) * 200)
    lines = show(asked).splitlines()  # type: ignore[operator]
    assert [line for line in lines if line][-1] == "    >>>  DEVLAKE.EXAMPLE.COM  <<<"
    reasons = lines[lines.index(next(line for line in lines if line.startswith("Who asks"))) :]
    assert reasons[2].startswith("What for")
    assert reasons[4].startswith("Contact")
    assert all(text.columns(line) <= notice.WIDTH for line in reasons[:6])


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_a_notice_fits_a_terminal_and_ends_its_last_line(show: object) -> None:
    shown = show(TERMS)  # type: ignore[operator]
    assert shown.endswith("\n")
    assert [line for line in shown.splitlines() if len(line) > 80 and URL not in line] == []
    assert all(line.isprintable() for line in shown.splitlines())


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_both_notices_say_which_calls_are_measured(show: object) -> None:
    assert "Measured: chosen targets only, those that a Makefile hands to devtel." in flat(show(TERMS))  # type: ignore[operator]
    chosen = flat(show(replace(TERMS, targets=("test", "dev.up.%"))))  # type: ignore[operator]
    assert "hands to devtel (test, dev.up.%)." in chosen
    assert "Measured: every target." in show(replace(TERMS, every_target=True))  # type: ignore[operator]


def test_the_full_notice_of_every_target_says_that_make_loads_a_plug_in_and_how_to_prevent_it() -> None:
    every = flat(notice.full(replace(TERMS, every_target=True)))
    assert "builds a small plug-in for make" in every
    assert 'engine = "wrapper"' in every
    assert "plug-in" not in notice.full(TERMS)


def test_who_is_not_known_is_not_made_up() -> None:
    nobody = notice.Terms(DESTINATION, settings.USER)
    assert "Who asks: not given" in notice.short(nobody)
    assert "Who asks: not given" in notice.full(nobody)
    assert "there, ask its operator with the ID" in flat(notice.full(nobody))


@pytest.mark.parametrize(
    ("source", "said"),
    [(settings.ENVIRONMENT, "comes from DEVTEL_REPORT_URL"), (settings.USER, "comes from your own config")],
)
def test_an_address_that_is_not_the_projects_says_where_it_comes_from(source: str, said: str) -> None:
    for show in (notice.short, notice.full):
        assert said in show(notice.Terms(DESTINATION, source))
        assert said not in show(TERMS)


def test_plain_http_to_another_machine_is_warned_of() -> None:
    plain = destination.parse(URL.replace("https", "http"))
    assert "WARNING" in notice.short(notice.Terms(plain, settings.PROJECT))
    assert "WARNING" not in notice.short(TERMS)


@pytest.mark.parametrize("source", [settings.ENVIRONMENT, settings.USER])
def test_a_project_says_who_asks_only_for_the_address_it_names(source: str) -> None:
    assert notice.terms(DESTINATION, settings.PROJECT, PROJECT) == TERMS
    assert notice.terms(DESTINATION, source, PROJECT) == notice.Terms(DESTINATION, source)


@pytest.mark.parametrize(
    "changed",
    [
        replace(TERMS, destination=destination.parse(URL.replace("/1/", "/2/"))),
        replace(TERMS, organisation="Other Ltd"),
        replace(TERMS, purpose="other"),
        replace(TERMS, contact="other"),
        replace(TERMS, organisation="", purpose="Example Ltd"),
        replace(TERMS, every_target=True),
    ],
)
def test_the_hash_changes_with_whatever_is_agreed_to(changed: notice.Terms) -> None:
    assert changed.hash() != TERMS.hash()


def test_the_hash_covers_the_fields_and_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = TERMS.hash()
    monkeypatch.setattr(notice, "FIELDS", FIELDS[1:])
    assert TERMS.hash() != before
    monkeypatch.undo()
    monkeypatch.setattr(notice, "NOTICE_VERSION", NOTICE_VERSION + 1)
    assert TERMS.hash() != before


def test_where_the_address_was_found_is_not_part_of_the_agreement() -> None:
    assert replace(TERMS, source=settings.USER).hash() == TERMS.hash()


@pytest.mark.parametrize(
    ("agreed", "sentences"),
    [
        (AGREED, []),
        (AGREED | {"purpose": "old"}, ["purpose: was old, is now faster builds"]),
        (AGREED | {"contact": ""}, ["contact: was not given, is now dx@example.com"]),
        (AGREED | {"measured": notice.EVERY}, ["measured: was every target, is now chosen targets"]),
        (AGREED | {"notice": "0"}, [f"the list of what is sent: was version 0, is now {NOTICE_VERSION}"]),
        (
            AGREED | {"organisation": "A", "purpose": "B"},
            ["organisation: was A, is now Example Ltd", "purpose: was B, is now faster builds"],
        ),
    ],
)
def test_what_changed_since_the_agreement_is_said_in_sentences(agreed: dict[str, str], sentences: list[str]) -> None:
    assert notice.changes(TERMS, agreed) == sentences


def test_a_reason_that_was_taken_back_is_a_change() -> None:
    assert notice.changes(replace(TERMS, purpose=""), AGREED) == ["purpose: was faster builds, is now not given"]

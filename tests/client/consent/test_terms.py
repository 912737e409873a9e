"""What is agreed to: its hash, and each difference since an agreement as a sentence."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devtelemetry_cli.client import consent_cache, destination, settings
from devtelemetry_cli.client.consent import terms
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION
from tests.helpers.samples import DESTINATION, TERMS, URL

PROJECT = settings.ProjectFile(organisation="Example Ltd", purpose="faster builds", contact="dx@example.com")
AGREED = Decision(
    key=DESTINATION.key,
    url=URL,
    state=consent_cache.GRANTED,
    decided=datetime(2026, 11, 22, tzinfo=UTC),
    organisation="Example Ltd",
    purpose="faster builds",
    contact="dx@example.com",
    notice=NOTICE_VERSION,
    notice_hash=TERMS.hash(),
)


@pytest.mark.parametrize("source", [settings.ENVIRONMENT, settings.USER])
def test_a_project_says_who_asks_only_for_the_address_it_names(source: str) -> None:
    assert terms.of_project(DESTINATION, settings.PROJECT, PROJECT) == TERMS
    assert terms.of_project(DESTINATION, source, PROJECT) == Terms(DESTINATION, source)


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
def test_the_hash_changes_with_whatever_is_agreed_to(changed: Terms) -> None:
    assert changed.hash() != TERMS.hash()
    assert not terms.covers(AGREED, changed)


def test_the_hash_covers_the_fields_and_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = TERMS.hash()
    monkeypatch.setattr(terms, "FIELDS", FIELDS[1:])
    assert TERMS.hash() != before
    monkeypatch.undo()
    monkeypatch.setattr(terms, "NOTICE_VERSION", NOTICE_VERSION + 1)
    assert TERMS.hash() != before


def test_where_the_address_was_found_is_not_part_of_the_agreement() -> None:
    assert replace(TERMS, source=settings.USER).hash() == TERMS.hash()


def test_an_agreement_to_every_target_covers_chosen_ones() -> None:
    every = replace(AGREED, every_target=True, notice_hash=replace(TERMS, every_target=True).hash())
    assert terms.covers(every, TERMS)
    assert terms.differences(TERMS, every) == []


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        ({"purpose": "old"}, ["purpose: was old, is now faster builds"]),
        ({"contact": ""}, ["contact: was not given, is now dx@example.com"]),
        ({"notice": 0}, [f"the list of what is sent: was version 0, is now {NOTICE_VERSION}"]),
        ({}, ["the wording of the notice"]),
        (
            {"organisation": "A", "purpose": "B"},
            ["organisation: was A, is now Example Ltd", "purpose: was B, is now faster builds"],
        ),
    ],
)
def test_each_change_since_the_agreement_is_a_sentence(changed: dict[str, object], sentences: list[str]) -> None:
    assert terms.differences(TERMS, AGREED) == []
    other = replace(AGREED, notice_hash="of other terms", **changed)  # type: ignore[arg-type]
    assert terms.differences(TERMS, other) == sentences


def test_a_reason_that_was_taken_back_and_a_wider_scope_are_changes() -> None:
    assert terms.differences(replace(TERMS, purpose=""), AGREED) == ["purpose: was faster builds, is now not given"]
    wider = terms.differences(replace(TERMS, every_target=True), AGREED)
    assert wider == ["measured: was chosen targets, is now every target"]


def test_a_long_text_in_a_difference_is_cut_at_two_lines() -> None:
    (sentence,) = terms.differences(replace(TERMS, purpose="x" * 300), AGREED)
    assert len(sentence) < 210

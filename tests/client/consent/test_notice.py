"""What a person is asked: everything that is agreed to stands in it, and nothing else can stand out."""

from dataclasses import replace

import pytest

from devtelemetry_cli.client import destination, settings, text
from devtelemetry_cli.client.consent import notice
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION
from tests.helpers.samples import DESTINATION, TERMS, URL

PATH = "/api/rest/plugins/developer_telemetry/connections/1/report"


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_full_notice_lists_every_field_with_its_meaning() -> None:
    text = flat(notice.full(TERMS))
    assert all(flat(f"- {field.path}: {field.meaning}") in text for field in FIELDS)
    assert f"version {NOTICE_VERSION}" in text


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_both_notices_say_who_asks_what_for_and_where_to(show: object) -> None:
    text = flat(show(TERMS, 100))  # type: ignore[operator]
    for part in ("Example Ltd", "faster builds", "dx@example.com", PATH, "DEVLAKE.EXAMPLE.COM", "Never"):
        assert part in text


def test_the_full_notice_has_the_whole_address_and_everything_that_is_never_recorded() -> None:
    text = flat(notice.full(TERMS, 100))
    assert URL in text
    assert notice.NEVER in text


@pytest.mark.parametrize("show", [notice.short, notice.full])
@pytest.mark.parametrize("width", [38, 78, 100])
def test_no_line_is_wider_than_the_terminal(show: object, width: int) -> None:
    asked = replace(TERMS, organisation="字" * 90, purpose="faster builds " * 20, targets=("a" * 64,) * 20)
    lines = show(asked, width).splitlines()  # type: ignore[operator]
    assert max(text.columns(line) for line in lines) <= width


def test_the_short_notice_has_seven_lines_where_the_texts_are_short() -> None:
    for asked in (TERMS, replace(TERMS, every_target=True)):
        assert len(notice.short(asked).splitlines()) == 7


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
    assert reasons[2].startswith("Contact")
    assert reasons[4].startswith("What for")
    assert all(text.columns(line) <= notice.WIDTH for line in reasons[:6])


@pytest.mark.parametrize("show", [notice.short, notice.full])
def test_a_notice_ends_its_last_line(show: object) -> None:
    shown = show(TERMS)  # type: ignore[operator]
    assert shown.endswith("\n")
    assert all(line.isprintable() for line in shown.splitlines())


def test_both_notices_say_which_calls_are_measured() -> None:
    named, every = replace(TERMS, targets=("test", "dev.up.%")), replace(TERMS, every_target=True)
    assert "Measured: chosen targets only, those that a Makefile hands to devtel." in flat(notice.full(TERMS))
    assert "hands to devtel (test, dev.up.%)." in flat(notice.full(named))
    assert "Measured: every target." in notice.full(every)
    assert "how long chosen make targets take?" in flat(notice.short(TERMS))
    assert "how long chosen make targets take (test, dev.up.%)?" in flat(notice.short(named))
    assert "how long every make target takes?" in flat(notice.short(every))


def test_the_full_notice_of_every_target_says_that_make_loads_a_plug_in_and_how_to_prevent_it() -> None:
    every = flat(notice.full(replace(TERMS, every_target=True)))
    assert "builds a small plug-in for make" in every
    assert 'engine = "wrapper"' in every
    assert "plug-in" not in notice.full(TERMS)


def test_who_is_not_known_is_not_made_up() -> None:
    nobody = Terms(DESTINATION, settings.USER)
    assert "Who asks: not given" in notice.short(nobody)
    assert "Who asks: not given" in notice.full(nobody)
    assert "there, ask its operator with the ID" in flat(notice.full(nobody))


@pytest.mark.parametrize(
    ("source", "said"),
    [(settings.ENVIRONMENT, "comes from DEVTEL_REPORT_URL"), (settings.USER, "comes from your own config")],
)
def test_an_address_that_is_not_the_projects_says_where_it_comes_from(source: str, said: str) -> None:
    for show in (notice.short, notice.full):
        assert said in flat(show(Terms(DESTINATION, source)))
        assert said not in show(TERMS)


def test_plain_http_to_another_machine_is_warned_of() -> None:
    plain = destination.parse(URL.replace("https", "http"))
    assert "WARNING" in notice.short(Terms(plain, settings.PROJECT))
    assert "WARNING" not in notice.short(TERMS)

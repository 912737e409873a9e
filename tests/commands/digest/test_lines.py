"""The lines of a digest, and their three forms."""

from html.parser import HTMLParser

import pytest

from devtelemetry_cli.commands.digest import render
from devtelemetry_cli.commands.digest.fetch import Week
from devtelemetry_cli.commands.digest.lines import has_changes, lines, title
from tests.helpers.digests import EVENT, change, week

URL = "https://devtel.example.com"
FULL = week(
    slower=[change(f"slow-{n}") for n in range(6)],
    fragile=[change(f"fragile-{n}", 0.1, 0.3, 0.0) for n in range(6)],
    faster=[change(f"fast-{n}", -0.5, -0.3, -3600.0) for n in range(6)],
    robust=[change(f"robust-{n}", -0.3, -0.1, 0.0) for n in range(6)],
    targets=[{"project": "shop", "target": f"t-{n}", "waited_seconds": 3600.0} for n in range(10)],
    events=[EVENT] * 9,
    waitingReports=6,
)


def text(one: Week) -> str:
    return render.text(title(one), lines(one, URL))


def test_a_quiet_week_says_so() -> None:
    assert text(week()).splitlines() == [
        "Builds in the week from 16 November to 22 November 2026",
        "Waited 2 h (20 % more than the mean of 4 earlier weeks): 100 runs, 10 % failed, at least 24 developers.",
        "Costliest: shop test 2 h.",
        "No target became clearly slower, more fragile or better (7 compared with 4 earlier weeks).",
        "Reports have come in until 25 November.",
        "Details: https://devtel.example.com/?from=2026-11-16&to=2026-11-22",
    ]
    assert not has_changes(week())


def test_waiting_is_compared_with_the_earlier_weeks_that_there_are() -> None:
    assert "Waited 2 h (as much as the mean of 1 earlier week): " in text(
        week(waitedSecondsBefore=7200.0, weeksBefore=1)
    )
    assert "Waited 2 h: " in text(week(waitedSecondsBefore=None, weeksBefore=0))


def test_changes_have_figures_and_ranges() -> None:
    shown = text(
        week(slower=[change()], fragile=[change("e2e", 0.1, 0.3, 0.0)], faster=[change("lint", -0.5, -0.3, -60.0)])
    )
    assert "Slower: shop test: p50 1 min 30 s, before 1 min (40 to 70 % longer), 1 h more in total." in shown
    assert "More fragile: shop e2e: 30 % failed, before 10 % (10 to 30 points more)." in shown
    assert "Faster: shop lint: p50 1 min 30 s, before 1 min (30 to 50 % shorter), 1 min less in total." in shown


def test_the_fullest_week_has_fifteen_lines() -> None:
    shown = text(FULL)
    assert len(shown.splitlines()) == 15
    assert "And 17 further changes." in shown
    assert "Event on 17 November: cache moved to S3 in shop." in shown
    assert "; at least 6 reports wait for others." in shown


def test_a_week_without_figures_names_the_rule() -> None:
    shown = text(week(hasFigures=False, lastReport=None))
    assert "No figures: no target was run by 3 developers." in shown
    assert "For months no 3 developers have sent a report." in shown


def test_a_project_is_in_the_title_and_in_the_address() -> None:
    shown = text(week(project="shop & co"))
    assert shown.splitlines()[0].endswith(": shop & co")
    assert "?project=shop+%26+co&from=" in shown


ODD = "t<b>`x`\x1b[31m\nDetails: https://evil.example"


@pytest.mark.parametrize("form", render.FORMATS)
def test_a_name_becomes_no_markup_no_line_and_no_escape_sequence(form: str) -> None:
    odd = week(slower=[change(ODD)], events=[EVENT | {"text": ODD, "project": ODD}], project=ODD)
    shown = render.FORMATS[form](title(odd), lines(odd, URL))
    plain = render.FORMATS[form](title(week(slower=[change()])), lines(week(slower=[change()]), URL))
    assert len(shown.splitlines()) == len(plain.splitlines()) + 1  # the event's
    assert "\x1b" not in shown
    if form == "html":
        assert "<b>" not in shown
    if form == "markdown":
        assert "`shop t<b>'x'" in shown


def test_html_is_whole_and_links_to_the_page() -> None:
    class Tags(HTMLParser):
        links: list[str | None] = []  # noqa: RUF012
        opened: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.opened.append(tag)
            self.links += [value for name, value in attrs if name == "href"]

    tags = Tags()
    tags.feed(render.html(title(FULL), lines(FULL, URL)))
    assert tags.links == [f"{URL}/?from=2026-11-16&to=2026-11-22"]
    assert tags.opened.count("li") == 14
    assert set(tags.opened) == {"html", "meta", "title", "h2", "ul", "li", "strong", "a"}

"""The HTML page of statistics: self-contained, escaped, with a chart and a bar per target."""

import re
from array import array
from datetime import date, timedelta

from devtelemetry_cli.commands.stats import page, statistics
from devtelemetry_cli.commands.stats.aggregate_exact import Sum

TODAY = date(2026, 11, 22)


def render(*targets: str) -> str:
    sums = {
        ("shop", name): Sum(failures=1, waited=60.0, cpu=9.0, durations=array("d", [20.0, 40.0])) for name in targets
    }
    found = statistics.statistics({TODAY.isoformat(): sums}, TODAY - timedelta(days=27), TODAY)
    return page.render(found)


def test_it_makes_no_request_and_runs_no_script() -> None:
    assert not re.search(r"(src|href)=|url\(|@import|<script|https?://", render("test"))


def test_names_are_escaped() -> None:
    text = render("<b>&")
    assert "&lt;b&gt;&amp;" in text
    assert "<b>" not in text


def test_each_day_and_each_target_has_a_bar() -> None:
    text = render("test", "build")
    assert text.count("<rect ") == 28 + 2
    assert "<td>shop build</td>" in text
    assert "4 runs, 50 % failed." in text


def test_without_runs_there_is_still_a_page() -> None:
    assert "0 runs" in render()

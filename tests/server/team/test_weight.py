"""The weight of a page: at most 150 KB, however much is stored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devtelemetry_cli.server.team import comparison, pages
from devtelemetry_cli.server.team.cells import Cell, CellFilter, CellResult
from devtelemetry_cli.server.team.detail import detail
from devtelemetry_cli.server.team.overview import overview
from devtelemetry_cli.server.team.previous import Period
from tests.helpers.team_cells import LAST, TODAY, cell

MOST_BYTES = 150_000


def context(weeks: int, target: str | None = None) -> pages.PageContext:
    """The page's address: until the running week, in the order that makes the longest links."""
    wanted = CellFilter(target and "shop", target, LAST - timedelta(weeks=weeks - 2), LAST + timedelta(weeks=1))
    return pages.PageContext(wanted, TODAY, sorting="developers", part=1, k=3, hourly_cost=80, demo=True, session=True)


def cells(targets: int, weeks: int) -> list[Cell]:
    """Targets of three projects in each of the weeks, and as many weeks before."""
    return [
        cell(
            week,
            f"target-{number}.of.some.length",
            6,
            ("shop", "search", "billing")[number % 3],
            waited=3600.0 * number,
        )
        for week in range(-1, 2 * weeks)
        for number in range(targets)
    ]


@pytest.mark.parametrize(("targets", "weeks"), [(20, 12), (20, 53), (200, 12), (200, 53)])
def test_the_overview_is_light(targets: int, weeks: int) -> None:
    found = CellResult(cells(targets, weeks), {LAST: 300}, ["billing", "search", "shop"], reported=True)
    asked = context(weeks)
    shown = overview(found, Period.of(asked.wanted, TODAY), 3)
    text = pages.overview(found, shown, comparison.compare(found.cells, TODAY), [], asked)
    assert text.count("<tr>") > min(targets, 50)
    assert len(text.encode()) < MOST_BYTES


def test_a_target_s_page_is_light() -> None:
    asked = context(53, "target-3.of.some.length")
    found = [one for one in cells(4, 53) if one.target == asked.wanted.target]
    shown = detail(found, Period.of(asked.wanted, TODAY), 3)
    assert len(pages.target(shown, [], {}, asked).encode()) < MOST_BYTES / 2


def test_further_targets_are_in_further_parts_of_the_table() -> None:
    found = CellResult(cells(101, 1), {LAST: 300}, [], reported=True)
    asked = context(2)
    shown = overview(found, Period.of(asked.wanted, TODAY), 3)
    compared = comparison.compare(found.cells, TODAY)
    seen = []
    for part in (1, 2, 3):
        text = pages.overview(found, shown, compared, [], replace(asked, part=part))
        seen += [one.target for one in shown.targets if f">{one.target}</a></th>" in text]
    assert sorted(seen) == sorted(one.target for one in shown.targets)

"""The time waited, stacked by project and by target."""

from urllib.parse import parse_qs, urlencode, urlsplit

from devtelemetry_cli.server.team import stacks
from devtelemetry_cli.server.team.cells import Cell, CellResult
from devtelemetry_cli.server.team.overview import Overview, overview
from tests.helpers.team_cells import LAST, cell, period


def shown(*cells: Cell, weeks: int = 4) -> Overview:
    """The overview of these cells."""
    return overview(CellResult(list(cells), {}, [], True), period(weeks), 3)


def link(path: str = "/", **changes: str) -> str:
    """An address as the pages make them."""
    return f"{path}?{urlencode(changes)}"


def test_the_five_largest_have_a_layer_and_the_others_one_together() -> None:
    found = shown(*(cell(target=f"t{number}", waited=number) for number in range(1, 9)), cell(target="", waited=10))
    layers = stacks.layers(found, stacks.of_target)
    assert [(layer.key[1], layer.weekly[LAST]) for layer in layers] == [
        *((f"t{number}", number) for number in (8, 7, 6, 5, 4)),
        ("", 3 + 2 + 1 + 10),
    ]


def test_layers_add_up_to_the_whole_of_each_week() -> None:
    found = shown(*(cell(week, f"t{number}", waited=number + week) for number in range(7) for week in range(3)))
    for grouping in (stacks.of_project, stacks.of_target):
        layers = stacks.layers(found, grouping)
        for week in found.weeks:
            assert sum(layer.weekly.get(week.monday, 0) for layer in layers) == week.totals.waited


def test_one_project_has_no_chart_by_project() -> None:
    assert stacks.by_project(shown(cell(), cell(target="other")), link, {}) == []


def test_a_project_s_entry_leads_to_its_own_view() -> None:
    cells = (cell(waited=30), cell(project="search", waited=60), cell(project="", waited=10))
    (chart,) = stacks.by_project(shown(*cells), link, {})
    assert [(entry.name, entry.note) for entry in chart.legend] == [
        ("search", "60 %"),
        ("shop", "30 %"),
        ("(no project)", "10 %"),
    ]
    assert [parse_qs(urlsplit(entry.link).query) for entry in chart.legend] == [
        {"project": ["search"]},
        {"project": ["shop"]},
        {},
    ]


def test_a_target_s_entry_leads_to_its_page_and_names_its_project_among_several() -> None:
    cells = (cell(waited=30), cell(project="search", waited=60))
    assert [entry.name for entry in stacks.by_target(shown(*cells), link, {}).legend] == [
        "test (search)",
        "test (shop)",
    ]
    (entry,) = stacks.by_target(shown(cells[0]), link, {}).legend
    assert (entry.name, entry.link) == ("test", "/target?project=shop&target=test")


def test_the_rest_of_all_is_no_project() -> None:
    cells = (cell(waited=30), cell(project="search", waited=60), cell(project="", target="", waited=10))
    (chart,) = stacks.by_project(shown(*cells), link, {})
    assert [(entry.name, entry.link) for entry in chart.legend][-1] == ("(other)", "")


def test_a_layer_stands_beside_the_period_before() -> None:
    cells = (cell(0, waited=30), cell(0, "new", waited=10), cell(1, waited=20), cell(1, "gone", waited=5))
    legend = stacks.by_target(shown(*cells, weeks=1), link, {}).legend
    assert [entry.note for entry in legend] == ["75 %, +50 %", "25 %, none before"]


def test_the_table_has_the_whole_and_each_layer_of_each_week() -> None:
    chart = stacks.by_target(shown(cell(0, waited=30), cell(1, waited=20), cell(1, "other", waited=5)), link, {})
    assert chart.heads == ["Week of", "All", "test", "other"]
    assert chart.rows == [["23 Feb", "25 s", "20 s", "5.0 s"], ["2 Mar", "30 s", "30 s", "0 s"]]

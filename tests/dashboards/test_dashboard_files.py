"""The dashboards' files are what Grafana can import, and what their definition makes."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import grafana
from tests.helpers.grafana import FILES, FOLDER, Json

SCRIPT = Path(__file__).parents[2] / "scripts" / "dashboards.py"
# What every Grafana has.
CORE = {"row", "text", "timeseries", "table"}
SOURCES = {"mariadb": "mysql", "postgresql": "postgres"}


@pytest.fixture(params=FILES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def board(kind: str) -> Json:
    return grafana.board(kind)


def test_the_files_are_as_their_definition_makes_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True)
    for name in FILES.values():
        assert (FOLDER / name).read_text() == (tmp_path / name).read_text(), "run scripts/dashboards.py"


def test_both_boards_show_the_same_and_stand_side_by_side() -> None:
    one, other = (grafana.board(kind) for kind in FILES)
    assert one["uid"] != other["uid"]
    assert [panel["title"] for panel in grafana.panels(one)] == [panel["title"] for panel in grafana.panels(other)]


def test_a_board_has_what_an_import_needs(board: Json) -> None:
    assert board["schemaVersion"] >= 36
    assert board["uid"]
    assert board["title"]
    assert "id" not in board, "the number of another Grafana's board"
    assert "__inputs" not in board


def test_every_panel_is_of_grafanas_core_and_has_an_id_of_its_own(board: Json) -> None:
    panels = list(grafana.panels(board))
    assert {panel["type"] for panel in panels} == CORE
    assert sorted(panel["id"] for panel in panels) == list(range(1, len(panels) + 1))
    assert len({panel["title"] for panel in panels}) == len(panels)


def test_no_panel_lies_on_another_or_beside_the_grid(board: Json) -> None:
    places = [panel["gridPos"] for panel in grafana.panels(board)]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, f"{one} {other}"


def test_every_variable_that_is_used_is_defined_and_the_other_way_round(board: Json) -> None:
    defined = {variable["name"] for variable in board["templating"]["list"]}
    assert {name for name, _ in grafana.references(json.dumps(board))} == defined


def test_a_variable_is_quoted_wherever_it_stands_in_sql(board: Json) -> None:
    formats = {
        (name, form) for name, form in grafana.references(json.dumps(board)) if name in ("connection", "project")
    }
    assert formats == {("connection", "sqlstring"), ("project", "sqlstring")}


def test_every_query_goes_to_the_chosen_data_source(kind: str, board: Json) -> None:
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", SOURCES[kind])
    asking = [panel for panel in grafana.panels(board) if "targets" in panel]
    sources = [part["datasource"] for panel in asking for part in (panel, *panel["targets"])]
    sources += [variables[name]["datasource"] for name in ("connection", "project")]
    assert sources == [{"type": SOURCES[kind], "uid": "${datasource}"}] * len(sources)


def test_an_address_cannot_lower_the_number_of_developers(board: Json) -> None:
    (k,) = [variable for variable in board["templating"]["list"] if variable["name"] == "k"]
    assert (k["type"], k["query"], k["current"]["value"], k["skipUrlSync"]) == ("constant", "3", "3", True)


def test_every_query_about_developers_asks_for_enough_of_them(board: Json) -> None:
    for panel in grafana.panels(board):
        for target in panel.get("targets", []):
            assert "HAVING COUNT(DISTINCT person) >= ${k}" in target["rawSql"], panel["title"]


def test_what_devlake_alone_does_not_have_is_asked_for_in_a_closed_row_only(board: Json) -> None:
    (row,) = [panel for panel in board["panels"] if panel["type"] == "row"]
    assert row["collapsed"]
    assert row is board["panels"][-1]
    assert "devtel_" not in json.dumps([panel for panel in board["panels"] if panel is not row] + [board["templating"]])


def test_the_board_names_its_limits_and_its_needs(board: Json) -> None:
    about, needs = [panel["options"]["content"] for panel in grafana.panels(board) if panel["type"] == "text"]
    assert "does **not** restrict access to DevLake's database" in about
    assert "Needs `devtel serve`" in needs

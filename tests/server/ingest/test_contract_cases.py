"""Every request body with a known answer of the plugin: the server's is the same, or the one listed under `ours`."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.report_server import ReportServer

CASES = json.loads((Path(__file__).parents[3] / "contract" / "report-cases.json").read_text())
EVERYWHERE = True
STORED_BY_DEFAULT = {"developer_id": "d-1", "date": "2026-02-12"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_server_answers_as_the_plugin(server: ReportServer, connection: str, case: dict[str, Any]) -> None:
    content = case["raw"] if "raw" in case else json.dumps(case["body"])
    answer = server.client.post(f"{connection}/report", content=content)
    expected = case.get("ours", case["status"])
    assert answer.status_code == expected
    assert answer.json()["success"] is (expected == 200)
    rows = server.rows("_tool_developer_metrics", connection)
    if expected != 200:
        assert rows == []
        return
    stored = STORED_BY_DEFAULT | case.get("stored", {})
    assert [{name: row[name] for name in stored} for row in rows] == [stored]


@pytest.mark.parametrize("prefix", ["", "/rest", "/api/rest", "/api"])
def test_a_report_is_taken_under_every_address_of_devlake(server: ReportServer, connection: str, prefix: str) -> None:
    assert server.report(f"{prefix}{connection}").status_code == 200


def test_the_answers_are_the_plugins_bytes(server: ReportServer, connection: str) -> None:
    taken, refused = server.report(connection), server.report(connection, developer="")
    assert taken.text == (
        '{"code":0,"success":true,"message":"telemetry data received successfully","causes":null,"data":null}'
    )
    assert list(refused.json()) == ["code", "success", "message", "causes", "data"]
    assert refused.json()["causes"] == ["developer: an id is expected"]


def test_the_cases_have_names_of_their_own() -> None:
    assert all(a["name"] != b["name"] for a, b in itertools.combinations(CASES, 2))

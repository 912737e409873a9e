"""Adoption as JSON and as a page."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.helpers.report_server import TODAY, ReportServer, bearer, revised, start_server, token_file, wait_for

ADOPTION = "/devtel/v1/adoption"
VIEW = "the-viewers-own-token"
ELSEWHERE = {"Host": "devtel.example.com"}
PUBLIC = "https://devtel.example.com"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    """A server with the reports of five developers, three of them of the same target."""
    home = tmp_path_factory.mktemp("adoption")
    with start_server(home, "--view-token-file", token_file(home, VIEW), "--public-url", PUBLIC) as server:
        connection = server.connect("the-teams-own-token")
        for developer in range(5):
            target = {"project": "shop", "target": "test" if developer < 3 else f"own-{developer}", "runs": 1}
            metrics = revised(1, targets=(target,)) | {"environment": {"devtel": "0.2.0", "make": "4.3"}}
            name, day = f"{developer:032x}.host", (TODAY - timedelta(days=1)).isoformat()
            answer = server.report(connection, "the-teams-own-token", developer=name, date=day, metrics=metrics)
            assert answer.status_code == 200, answer.text
        wait_for(lambda: server.client.get(ADOPTION).json()["weeks"])
        yield server


def test_adoption_as_json_counts_in_steps_of_k(served: ReportServer) -> None:
    body = served.client.get(ADOPTION).raise_for_status().json()
    assert body["minDevelopers"] == 3
    assert [week["developers"] for week in body["weeks"]] == [3]
    assert body["lastReport"] == TODAY.isoformat()
    assert body["versions"] == {"week": body["weeks"][0]["week"], "devtel": {"0.2.0": 3}, "make": {"4.3": 3}}
    assert body["waiting"] == []  # two developers


def test_adoption_needs_the_view_token_from_elsewhere(served: ReportServer) -> None:
    assert served.client.get(ADOPTION, headers=ELSEWHERE).status_code == 401
    assert served.client.get(ADOPTION, headers=ELSEWHERE | bearer(VIEW)).status_code == 200
    assert served.client.get("/adoption", headers=ELSEWHERE).status_code == 401


def test_the_page_shows_developers_versions_and_the_whole_report_url(served: ReportServer) -> None:
    text = re.sub(r"\s+", " ", served.client.get("/adoption").raise_for_status().text)
    assert "Developers who report each week" in text
    assert '<th scope="row">0.2.0</th><td class="number">3</td>' in text
    assert f"{PUBLIC}/plugins/developer_telemetry/connections/1/report" in text
    assert "own-3" not in text


@pytest.mark.parametrize("query", ["from=2026-05-01&to=2026-04-01", "from=x"])
def test_an_invalid_span_is_400(served: ReportServer, query: str) -> None:
    assert served.client.get(f"{ADOPTION}?{query}").status_code == 400
    assert served.client.get(f"/adoption?{query}").status_code == 400


def test_weeks_before_the_first_report_are_an_empty_page(served: ReportServer) -> None:
    text = served.client.get("/adoption?from=2020-01-01&to=2020-03-01").raise_for_status().text
    assert "fewer than 3 developers" in text


def test_machines_and_checkouts_have_a_page_and_json(served: ReportServer) -> None:
    text = served.client.get("/machines").raise_for_status().text
    assert "By kind of machine" in text
    assert "three days after a week has ended" in text
    assert served.client.get("/devtel/v1/machines").json() == {"minDevelopers": 3, "count": 0, "rows": []}
    assert served.client.get("/devtel/v1/machines", headers=ELSEWHERE).status_code == 401
    assert served.client.get("/machines?project=none").status_code == 404

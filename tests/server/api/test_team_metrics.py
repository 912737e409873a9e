"""Published rows and projects for other programs: connections, pages, unknown projects, ETags."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from devtelemetry_cli.server.db.database import open_database
from tests.helpers.databases import database
from tests.helpers.db_server import DATABASES
from tests.helpers.plain_http import NO_CERTIFICATES
from tests.helpers.report_server import TODAY, ReportServer, start_server
from tests.helpers.team_factory import MONDAY, Runs, Team

METRICS, PROJECTS = "/devtel/v1/team-metrics", "/devtel/v1/projects"


@pytest.fixture(scope="module", params=DATABASES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    """A server with two connections: `shop` at both, `search` and runs without a project at the second."""
    with database(request.param, tmp_path_factory) as url:
        opened = open_database(url)
        one, two = Team(opened, name="one"), Team(opened, name="two")
        for team in (one, two):
            team.report(*(Runs(i, target=target, day=day) for i in range(3) for target in "abc" for day in (0, 7)))
        two.report(*(Runs(i, project=project, day=2) for i in range(3) for project in ("search", "")))
        one.report(*(Runs(i, project="secret") for i in range(2)))
        two.publish((TODAY - MONDAY).days)  # as the server does at its start, so that no row changes
        opened.close()
        with start_server(tmp_path_factory.mktemp("home"), database=url) as server:
            yield server


def read(server: ReportServer, path: str, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = server.client.get(path, params=query).raise_for_status().json()
    return answer


def connections(server: ReportServer) -> dict[str, int]:
    """The ids of the connections, by name."""
    rows = server.store.select("SELECT id, name FROM _tool_developer_telemetry_connections")
    return {row["name"]: row["id"] for row in rows}


def test_rows_name_their_connection_and_can_be_filtered_by_it(served: ReportServer) -> None:
    ids, everything = connections(served), read(served, METRICS)["rows"]
    assert {row["connection"] for row in everything} == set(ids.values())
    for number in ids.values():
        assert read(served, METRICS, connection=number)["rows"] == [
            row for row in everything if row["connection"] == number
        ]
    text = served.client.get(f"{METRICS}.csv", params={"connection": ids["two"], "project": "search"}).text
    assert [line.split(",")[:4] for line in text.splitlines()[1:]] == [[str(MONDAY), str(ids["two"]), "search", "test"]]


def test_projects_are_listed_with_their_connections_and_weeks(served: ReportServer) -> None:
    ids, found = connections(served), read(served, PROJECTS)
    assert (found["count"], found["minDevelopers"]) == (3, 3)
    assert {row["project"]: row["connections"] for row in found["rows"]} == {
        "": [ids["two"]],
        "search": [ids["two"]],
        "shop": sorted(ids.values()),
    }
    assert [(row["first"], row["last"]) for row in found["rows"] if row["project"] == "shop"] == [
        ("2026-03-02", "2026-03-09")
    ]
    assert [row["project"] for row in read(served, PROJECTS, connection=ids["one"])["rows"]] == ["shop"]
    assert [row["project"] for row in read(served, PROJECTS, page=2, pageSize=2)["rows"]] == ["shop"]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_pages_hold_every_row_once(served: ReportServer, size: int) -> None:
    whole = read(served, METRICS)
    found: list[Any] = []
    for page in range(1, whole["count"] // size + 2):
        part = read(served, METRICS, page=page, pageSize=size)
        assert part["count"] == whole["count"]
        found += part["rows"]
    assert found == whole["rows"]
    assert len(found) == whole["count"] == 14


@pytest.mark.parametrize("kind", ["", ".csv"])
def test_an_unknown_project_is_404_and_a_known_one_without_rows_is_empty(served: ReportServer, kind: str) -> None:
    one = connections(served)["one"]
    for query in ({"project": "none"}, {"project": "secret"}, {"project": "search", "connection": one}):
        answer = served.client.get(f"{METRICS}{kind}", params=query)
        assert (answer.status_code, answer.json()["success"]) == (404, False)
    for query in ({"project": "shop", "to": "2026-01-01"}, {"project": ""}):
        assert served.client.get(f"{METRICS}{kind}", params=query).status_code == 200


@pytest.mark.parametrize("path", [METRICS, f"{METRICS}.csv", PROJECTS])
def test_an_etag_saves_an_answer_that_did_not_change(served: ReportServer, path: str) -> None:
    first = served.client.get(path)
    again = served.client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = served.client.get(path, params={"connection": connections(served)["one"]})
    assert other.headers["etag"] != first.headers["etag"]


def test_every_path_that_can_be_read_answers_head(served: ReportServer) -> None:
    paths = ("/devtel/v1/daily-metrics", "/devtel/v1/target-metrics.csv", METRICS, f"{METRICS}.csv", PROJECTS)
    for path in (*paths, "/", "/docs", "/openapi.json", "/metrics", "/version", "/healthz", "/readyz", "/style.css"):
        answer = httpx.head(f"{str(served.client.base_url).rstrip('/')}{path}", verify=NO_CERTIFICATES)
        assert (answer.status_code, answer.content) == (200, b""), path

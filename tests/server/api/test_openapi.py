"""The OpenAPI description, and requests that it does not allow."""

import json

import httpx
import pytest

from devtelemetry_cli.server.api.routes import PATHS, description
from tests.helpers.plain_http import NO_CERTIFICATES
from tests.helpers.report_server import ReportServer, body

JSON = {"Content-Type": "application/json"}


def test_paths_are_grouped_and_have_summaries_in_words() -> None:
    operations = [one for methods in description()["paths"].values() for one in methods.values()]
    assert len({tag for one in operations for tag in one["tags"]}) == 5
    assert all(len(one["tags"]) == 1 and " " in one["summary"] for one in operations)


def test_the_description_is_reachable_and_lists_every_path(server: ReportServer) -> None:
    told = server.client.get("/openapi.json").json()
    assert told == json.loads(json.dumps(description()))
    listed = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert listed == {(path.method, path.path) for path in PATHS}


ODD = {
    "a name of 300 characters": {"developer": "d" * 300},
    "a NUL": {"developer": "a\0b"},
    "half a surrogate pair": {"name": "\ud800"},
    "NaN": {"metrics": {"active_hours": float("nan")}},
    "a string for a list": {"metrics": {"tools_used": "make"}},
    "a list for an object": {"metrics": []},
    "a number for a name": {"email": 7},
    "a target's name of 300 characters": {"metrics": {"schema": 1, "targets": [{"target": "t" * 300}]}},
    "300 targets": {"metrics": {"schema": 1, "targets": [{"target": f"t{number}"} for number in range(300)]}},
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("server", ["sqlite", "postgresql", "mariadb"], indirect=True, scope="session")
def test_what_cannot_be_stored_is_400_with_a_sentence(server: ReportServer, connection: str, what: str) -> None:
    content = json.dumps(body(**ODD[what]))
    answer = server.client.post(f"{connection}/report", content=content)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert len(answer.json()["causes"][0]) > 10
    assert server.rows("_tool_developer_metrics", connection) == []


@pytest.mark.parametrize("path", ["/report", "/forget", "/test", ""])
def test_a_body_that_is_cut_short_or_nested_without_end_is_400(
    server: ReportServer, connection: str, path: str
) -> None:
    method = "POST" if path else "PATCH"
    for content in (b'{"developer":"d', b"[" * 60_000, b'{"a":' * 10_000, b"\xff\xfe", b'"text"'):
        answer = server.client.request(method, f"{connection}{path}", content=content, headers=JSON)
        assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_a_path_and_a_query_of_odd_bytes_cause_no_error(server: ReportServer) -> None:
    for path in ("/%00", "/plugins/%ff/x", "/devtel/v1/daily-metrics?project=%ff%00&from=%ed%a0%80", "/metrics?%"):
        answer = httpx.get(f"{str(server.client.base_url).rstrip('/')}{path}", verify=NO_CERTIFICATES)
        assert answer.status_code < 500

"""The connections API."""

from datetime import datetime
from typing import Any

import pytest

from tests.helpers.report_server import CONNECTIONS, ReportServer, bearer, body

EVERYWHERE = True
UNKNOWN = 987654321


def test_a_connection_is_answered_as_it_was_made(server: ReportServer) -> None:
    wanted = {"name": "made", "endpoint": "http://x", "secretToken": "t", "proxy": "p", "rateLimitPerHour": 5}
    made = server.client.post(CONNECTIONS, json=wanted)
    assert made.status_code == 201
    connection = made.json()
    assert server.client.get(f"{CONNECTIONS}/{connection['id']}").json() == connection
    assert connection in server.client.get(CONNECTIONS).json()
    assert connection | wanted == connection | {"secretToken": "t"}
    for time in ("createdAt", "updatedAt"):
        assert datetime.fromisoformat(connection[time]).tzinfo is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ""},
        {"name": "n" * 101},
        {"name": 7},
        {"endpoint": None},
        {"endpoint": " "},
        {"secretToken": 7},
        {"secretToken": "t" * 4097},
        {"rateLimitPerHour": -1},
        {"rateLimitPerHour": 2**31},
    ],
    ids=str,
)
def test_an_invalid_connection_is_refused(server: ReportServer, wrong: dict[str, Any]) -> None:
    answer = server.client.post(CONNECTIONS, json={"name": "refused", "endpoint": "e"} | wrong)
    assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_a_second_connection_of_a_name_is_refused(server: ReportServer) -> None:
    twice = [server.client.post(CONNECTIONS, json={"name": "twice", "endpoint": "e"}) for _ in range(2)]
    assert [answer.status_code for answer in twice] == [201, 400]
    assert "duplicate" in twice[1].json()["message"]


@pytest.mark.parametrize(("method", "action"), [("POST", "/report"), ("POST", "/forget"), ("GET", "")])
@pytest.mark.parametrize(("number", "status"), [(UNKNOWN, 404), ("0", 404), ("x", 400), ("1e3", 400), ("²", 400)])
def test_an_unknown_connection_is_404_and_no_number_400(
    server: ReportServer, method: str, action: str, number: object, status: int
) -> None:
    answer = server.client.request(method, f"{CONNECTIONS}/{number}{action}", json={"developer": "d"})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    if status == 404:
        assert answer.json()["message"] == f"connection {number} not found (404)"


def test_a_patch_changes_what_it_names_and_nothing_else(server: ReportServer) -> None:
    path = server.connect("s3cret")
    before = server.client.get(path).json()
    answer = server.client.patch(path, json={"endpoint": "other", "RateLimitPerHour": 7, "proxy": None})
    assert answer.status_code == 200
    after = answer.json()
    assert after == server.client.get(path).json()
    assert after.pop("updatedAt") > before.pop("updatedAt")
    assert after == before | {"endpoint": "other", "rateLimitPerHour": 7}


@pytest.mark.parametrize(
    ("sent", "key"), [("", "old"), (None, "old"), ("ol***ld", "old"), ("********", "old"), ("n*w", "n*w")]
)
def test_a_patch_keeps_the_token_where_it_is_empty_or_masked(server: ReportServer, sent: str | None, key: str) -> None:
    path = server.connect("old")
    assert server.client.patch(path, json={"secretToken": sent}).json()["secretToken"] == ""
    assert server.report(path, key).status_code == 200
    assert server.report(path, "another").status_code == 403


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "n" * 101}, {"endpoint": " "}, {"rateLimitPerHour": -1}, []])
def test_a_patch_to_what_cannot_be_is_refused_and_changes_nothing(server: ReportServer, wrong: object) -> None:
    path = server.connect()
    before = server.client.get(path).json()
    assert server.client.patch(path, json=wrong).status_code == 400
    assert server.client.get(path).json() == before


def test_a_patch_to_a_name_that_is_taken_is_refused(server: ReportServer) -> None:
    one, other = (server.client.get(server.connect()).json() for _ in range(2))
    answer = server.client.patch(f"{CONNECTIONS}/{one['id']}", json={"name": other["name"]})
    assert (answer.status_code, "duplicate" in answer.text) == (400, True)


def test_a_deleted_connection_takes_its_rows_with_it_and_its_id_is_never_given_again(server: ReportServer) -> None:
    stays, path = server.connect(), server.connect()
    targets = [{"target": "t", "runs": 1}]
    for connection in (stays, path):
        server.report(connection, metrics={"schema": 1, "targets": targets})
        server.forget(connection, "someone")
    made = server.client.get(path).json()
    answer = server.client.delete(path)
    assert (answer.status_code, answer.json()) == (200, made)
    assert [server.client.get(path).status_code, server.client.delete(path).status_code] == [404, 404]
    assert server.report(path).status_code == 404
    for table in ("_tool_developer_metrics", "devtel_reports", "devtel_target_metrics", "devtel_forgotten"):
        assert (len(server.rows(table, path)), len(server.rows(table, stays))) == (0, 1)
    assert int(server.connect().rpartition("/")[2]) > made["id"]


def test_a_test_really_tests_and_leaves_nothing(server: ReportServer) -> None:
    path, count = server.connect("s3cret"), len(server.client.get(CONNECTIONS).json())
    answer = server.client.post(f"{path}/test", json={"secretToken": "s3cret"})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert answer.json()["data"] == {"id": int(path.rpartition("/")[2]), "asksForToken": True}
    assert server.client.post(f"{path}/test", json={"secretToken": "wrong"}).status_code == 403
    assert server.client.post(f"{CONNECTIONS}/{UNKNOWN}/test").status_code == 404
    assert server.rows("_tool_developer_metrics", path) == []
    assert len(server.client.get(CONNECTIONS).json()) == count


def test_a_reports_key_reads_and_tests_its_own_connection_from_elsewhere(server: ReportServer) -> None:
    elsewhere, path = {"Host": "devtel.example.com"}, server.connect("s3cret")

    def ask(method: str, where: str, key: str) -> int:
        return server.client.request(method, where, headers=elsewhere | bearer(key)).status_code

    assert [ask("GET", path, key) for key in ("s3cret", "wrong", "")] == [200, 403, 403]
    assert [ask("POST", f"{path}/test", key) for key in ("s3cret", "wrong", "")] == [200, 403, 401]
    assert [ask(method, path, "s3cret") for method in ("PATCH", "DELETE")] == [403, 403]
    assert ask("GET", server.connect("other"), "s3cret") == 403
    assert ask("GET", server.connect(), "s3cret") == 403
    answer = server.client.get(path, headers=elsewhere | bearer("s3cret")).json()
    assert (answer["endpoint"], answer["secretToken"]) == ("", "")


def test_names_that_differ_in_case_or_in_a_space_at_the_end_are_different(
    server: ReportServer, connection: str
) -> None:
    targets = [{"target": name, "runs": 1} for name in ("t", "T", "t ")]
    for developer in ("d", "D", "d "):
        metrics = {"schema": 1, "targets": targets}
        answer = server.client.post(f"{connection}/report", json=body(developer=developer, metrics=metrics))
        assert answer.status_code == 200
    assert len(server.rows("_tool_developer_metrics", connection)) == 3
    assert len(server.rows("devtel_target_metrics", connection)) == 9

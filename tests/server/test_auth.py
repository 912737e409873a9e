"""Authorization of reports and of the administration."""

import json

import httpx
import pytest

from devtelemetry_cli.server.auth import hash_token, is_loopback, token_matches
from tests.helpers.report_server import CONNECTIONS, ReportServer, bearer, body, start_server, token_file

NEW = {"name": "n", "endpoint": "e"}
ADMIN = "the-admins-own-token"
ELSEWHERE = {"Host": "devtel.example.com"}


@pytest.mark.parametrize("header", [None, "", "s3cret", "Bearer", "Basic s3cret"])
@pytest.mark.parametrize("action", ["report", "forget"])
def test_a_missing_or_malformed_key_is_401(server: ReportServer, action: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = server.client.post(f"{server.connect('s3cret')}/{action}", json=body(), headers=headers)
    assert (answer.status_code, answer.json()["success"]) == (401, False)


@pytest.mark.parametrize("action", ["report", "forget"])
def test_a_wrong_key_is_403_and_stores_nothing(server: ReportServer, action: str) -> None:
    connection = server.connect("s3cret")
    answer = server.client.post(f"{connection}/{action}", json=body(), headers=bearer("s3cre"))
    assert (answer.status_code, answer.json()["success"]) == (403, False)
    assert server.rows("_tool_developer_metrics", connection) == []


def test_another_connections_key_is_wrong(server: ReportServer) -> None:
    assert server.connect("other")
    assert server.report(server.connect("own"), "other").status_code == 403


@pytest.mark.parametrize("token", ["s3cret", "pass phrase $ with", "t" * 4096])
def test_the_right_key_reports_and_forgets(server: ReportServer, token: str) -> None:
    connection = server.connect(token)
    assert server.report(connection, token).status_code == 200
    assert server.forget(connection, "d-1", token).json()["data"] == {"deleted": 1}


def test_a_key_beyond_ascii_is_compared_by_its_bytes(server: ReportServer) -> None:
    headers = [(b"Authorization", "Bearer schlüssel".encode())]
    answer = server.client.post(f"{server.connect('schlüssel')}/report", json=body(), headers=headers)
    assert answer.status_code == 200


def test_the_same_token_is_stored_as_different_hashes() -> None:
    first, second = hash_token("s3cret"), hash_token("s3cret")
    assert first != second
    assert token_matches(first, b"s3cret")
    assert token_matches(second, b"s3cret")
    assert "s3cret" not in first


@pytest.mark.parametrize("stored", ["s3cret", "$", "zz$zz", "ü$ü", ""])
def test_what_is_no_hash_of_ours_matches_no_key(stored: str) -> None:
    assert not token_matches(stored, b"s3cret")


def test_no_answer_and_no_file_holds_a_token(server: ReportServer) -> None:
    connection = server.connect("hunter2-hunter2")
    server.report(connection, "hunter2-hunter2")
    server.client.get(f"/ping?key={'hunter2-hunter2'}")
    answers = server.client.get(connection).text + server.client.get(CONNECTIONS).text
    files = b"".join(path.read_bytes() for path in server.database.parent.iterdir())
    assert "hunter2" not in answers + server.log.read_text()
    assert b"hunter2" not in files
    [hidden] = [c for c in server.client.get(CONNECTIONS).json() if connection.endswith(f"/{c['id']}")]
    assert hidden["secretToken"] == ""


@pytest.mark.parametrize(
    "header",
    [
        {"Host": "devtel.example.com"},
        {"Host": "127.0.0.1.example.com"},
        {"Host": "localhost.evil.org:8080"},
        {"Host": ""},
        {"X-Forwarded-For": "10.0.0.1"},
        {"x-forwarded-host": "a"},
        {"Forwarded": "for=10.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "10.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_connections_are_closed_to_what_may_come_from_elsewhere(server: ReportServer, header: dict[str, str]) -> None:
    own = server.connect()
    answers = [
        server.client.get(CONNECTIONS, headers=header),
        server.client.get(own, headers=header),
        server.client.post(CONNECTIONS, json=NEW, headers=header),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    posts = [(own, "report", body()), (own, "forget", {"developer": "d-1"}), (own, "test", {})]
    for connection, action, content in posts:  # a connection without a token is open to this machine only
        assert server.client.post(f"{connection}/{action}", json=content, headers=header).status_code == 403
    assert server.rows("_tool_developer_metrics", own) == []


@pytest.mark.parametrize("action", ["report", "forget", "test", ""])
@pytest.mark.parametrize(("key", "status"), [("", 401), ("wrong", 403)])
def test_an_unknown_connection_is_answered_to_others_as_a_wrong_key(
    server: ReportServer, action: str, key: str, status: int
) -> None:
    headers, known = ELSEWHERE | bearer(key), server.connect("the-right-key")
    answers = [
        server.client.request("POST" if action else "GET", f"{path}/{action}".rstrip("/"), json=body(), headers=headers)
        for path in (known, f"{CONNECTIONS}/987654321")
    ]
    if not (action or key):
        status = 403  # no admin token is set
    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].content == answers[1].content


def test_open_lets_others_report_without_a_token(tmp_path) -> None:
    with start_server(tmp_path, "--open") as running:
        connection = running.connect()
        answer = running.client.post(f"{connection}/report", json=body(), headers=ELSEWHERE)
        assert answer.status_code == 200
        assert running.client.post(f"{connection}/forget", json=body(), headers=ELSEWHERE).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
def test_a_page_of_another_site_cannot_administer_even_with_the_token(tmp_path, origin: str) -> None:
    with start_server(tmp_path, "--admin-token-file", token_file(tmp_path, ADMIN)) as running:
        headers = bearer(ADMIN) | {"Origin": origin}
        connection = running.connect()
        for method, path in (("POST", CONNECTIONS), ("PATCH", connection), ("DELETE", connection)):
            assert running.client.request(method, path, json=NEW, headers=headers).status_code == 403
        own = {"Origin": str(running.client.base_url).rstrip("/")}
        assert running.client.patch(connection, json={"proxy": "p"}, headers=own).status_code == 200


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_administration_needs_the_content_type_of_json(server: ReportServer, kind: str) -> None:
    connection = server.connect()
    for method, path in (("POST", CONNECTIONS), ("PATCH", connection)):
        answer = server.client.request(method, path, content=json.dumps(NEW), headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["success"]) == (415, False)


def test_answers_with_rows_and_connections_are_kept_by_no_cache(server: ReportServer) -> None:
    connection = server.connect()
    for path in (CONNECTIONS, connection, "/devtel/v1/daily-metrics", "/devtel/v1/daily-metrics.csv"):
        headers = server.client.get(path).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.1.2.3:80", "[::1]:8080"])
def test_connections_are_open_to_this_machine(server: ReportServer, host: str) -> None:
    assert server.client.get(CONNECTIONS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [("::1", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("10.0.0.1", False), ("", False), ("127.1", False)],
)
def test_loopback_is_decided_by_the_address(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_the_admin_token_opens_connections_from_elsewhere(tmp_path) -> None:
    with start_server(tmp_path, "--admin-token-file", token_file(tmp_path, ADMIN)) as running:
        from_elsewhere = {"Host": "devtel.example.com"}

        def create(token: str) -> httpx.Response:
            return running.client.post(CONNECTIONS, json=NEW, headers=from_elsewhere | bearer(token))

        assert [create(token).status_code for token in ("", "wrong", ADMIN)] == [401, 403, 201]
        assert running.client.get(CONNECTIONS).status_code == 200
        assert ADMIN not in running.log.read_text()

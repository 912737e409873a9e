"""Limits and paths, before a body is read as a report."""

import gzip
import json
import socket
from collections.abc import Iterator

import pytest

from tests.helpers.report_server import CONNECTIONS, ReportServer, body, start_server

LIMIT = 64 * 1024


def padded(size: int) -> bytes:
    """A report of exactly `size` bytes."""
    report = json.dumps(body()).encode()
    return report + b" " * (size - len(report))


def in_chunks(content: bytes) -> Iterator[bytes]:
    yield from (content[start : start + 1000] for start in range(0, len(content), 1000))


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
@pytest.mark.parametrize("sending", [bytes, in_chunks], ids=["whole", "streamed"])
def test_a_body_beyond_64_kib_is_413(server: ReportServer, connection: str, size: int, status: int, sending) -> None:
    answer = server.client.post(f"{connection}/report", content=sending(padded(size)))
    assert (answer.status_code, answer.json()["success"]) == (status, status == 200)


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(server: ReportServer, connection: str) -> None:
    url = server.client.base_url
    head = f"POST {connection}/report HTTP/1.1\r\nHost: x\r\nContent-Length: {10**9}\r\n\r\n"
    with socket.create_connection((url.host, url.port), timeout=5) as wire:
        wire.sendall(head.encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 413")


def test_a_compressed_body_is_415(server: ReportServer, connection: str) -> None:
    content = gzip.compress(json.dumps(body()).encode())
    answer = server.client.post(f"{connection}/report", content=content, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["success"]) == (415, False)


@pytest.mark.parametrize("content", [b"[" * 65_000, b'{"a":' * 13_000, b'{"developer":"\\ud800"}'])
def test_a_hostile_body_is_400(server: ReportServer, connection: str, content: bytes) -> None:
    answer = server.client.post(f"{connection}/report", content=content)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert "unexpected error" not in server.log.read_text()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/plugins"),
        ("POST", "/plugins/other/connections/1/report"),
        ("POST", f"{CONNECTIONS}/1/report/"),
        ("PUT", f"{CONNECTIONS}/1/report"),
    ],
)
def test_an_unknown_path_is_the_text_of_devlakes_router(server: ReportServer, method: str, path: str) -> None:
    answer = server.client.request(method, path)
    assert (answer.status_code, answer.text) == (404, "404 page not found")


def test_a_client_sees_that_it_is_alive_ready_and_which_version_it_is(server: ReportServer) -> None:
    answers = [server.client.get(path) for path in ("/ping", "/healthz", "/readyz")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 3
    assert list(server.client.get("/api/version").json()) == ["version"]


def test_a_database_that_lost_its_tables_is_not_ready(tmp_path) -> None:
    with start_server(tmp_path) as running:
        running.store.change("DROP TABLE _tool_developer_telemetry_connections")
        assert running.client.get("/readyz").status_code == 503
        assert running.client.get("/healthz").status_code == 200

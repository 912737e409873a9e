"""Requests within bounds, against a server that answers with exact bytes."""

import gzip
import re
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devtelemetry_cli.client.http import HttpClient, NoAnswerError, Response, retry_after
from devtelemetry_cli.errors import ConfigurationError
from tests.helpers.socks_proxy import relaying_to

JSON = b'{"success": true}'


def received(connection: socket.socket) -> bytes:
    """A whole request."""
    data = connection.recv(65536)
    length = re.search(rb"content-length: (\d+)", data.lower())
    while length and len(data.partition(b"\r\n\r\n")[2]) < int(length[1]):
        data += connection.recv(65536)
    return data


class RawServer:
    """Answers each connection's first request with the same bytes, one pause between the chunks."""

    def __init__(self, listener: socket.socket, chunks: list[bytes], pause: float) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        self.requests: list[bytes] = []
        self._over = threading.Event()
        self._listener, self._chunks, self._pause = listener, chunks, pause

    def serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(received(connection))
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        for chunk in self._chunks:
            try:
                connection.sendall(chunk)
            except OSError:
                return
            if self._over.wait(self._pause):
                return

    def stop(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def answering(*chunks: bytes, pause: float = 0.0) -> Iterator[RawServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener, list(chunks), pause)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()


def answer(body: bytes = JSON, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(url: str, seconds: float = 10.0, **options: object) -> Response:
    client = HttpClient(**options)  # type: ignore[arg-type]
    try:
        return client.request("GET", url, seconds)
    finally:
        client.close()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_an_answer_has_its_status_headers_and_body() -> None:
    with answering(answer(JSON, "200 OK", "X-Any: Thing")) as server:
        response = get(server.url)
    assert (response.status, response.body, response.is_whole) == (200, JSON, True)
    assert response.headers["x-any"] == "Thing"


def test_a_body_is_sent_as_json_with_the_token() -> None:
    with answering(answer()) as server:
        HttpClient("s3cret").request("POST", server.url, 10, body=b'{"a":1}')
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b'{"a":1}'
    for line in (b"authorization: bearer s3cret", b"content-type: application/json", b"accept-encoding: identity"):
        assert line in head.lower()


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with answering(answer(b"", "302 Found", "Location: http://127.0.0.1:1/")) as server:
        assert get(server.url).status == 302
    assert len(server.requests) == 1


def test_a_cookie_is_not_kept() -> None:
    with answering(answer(JSON, "200 OK", "Set-Cookie: id=1; Path=/")) as server:
        client = HttpClient()
        for _ in range(2):
            client.request("GET", server.url, 10)
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_a_body_is_read_up_to_the_limit() -> None:
    with answering(answer(b"x" * 300_000)) as server:
        response = get(server.url, limit=1000)
    assert (response.body, response.is_whole) == (b"x" * 1000, False)


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body_is_inflated_up_to_the_limit(encoding: str, compress: "object") -> None:
    bomb = compress(b" " * 5_000_000)  # type: ignore[operator]
    for body, expected in ((compress(JSON), (JSON, True)), (bomb, (b" " * 65536, False))):  # type: ignore[operator]
        with answering(answer(body, "200 OK", f"Content-Encoding: {encoding}")) as server:
            response = get(server.url)
        assert (response.body, response.is_whole) == expected


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
def test_a_body_that_cannot_be_decoded_keeps_its_status(encoding: str) -> None:
    with answering(answer(JSON, "503 Busy", f"Content-Encoding: {encoding}")) as server:
        response = get(server.url)
    assert (response.status, response.body, response.is_whole) == (503, b"", False)


@pytest.mark.parametrize("chunks", [[b""], [b"HTTP/1.1 200 OK\r\nX: "] + [b"a"] * 100, [answer()[:-9]] + [b" "] * 100])
def test_the_time_limit_is_for_the_whole_answer(chunks: list[bytes]) -> None:
    before = time.monotonic()
    with answering(*chunks, *[b""] * 100, pause=0.1) as server, pytest.raises(NoAnswerError) as fault:
        get(server.url, seconds=0.5)
    assert time.monotonic() - before < 3
    assert (fault.value.reason, fault.value.is_slow) == ("it took too long", True)


def test_a_name_lookup_that_hangs_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: over.wait(10))
    before = time.monotonic()
    with pytest.raises(NoAnswerError, match="too long"):
        get("http://host.example/", seconds=0.3)
    assert time.monotonic() - before < 3
    over.set()


def test_a_client_serves_again_after_a_time_out() -> None:
    client = HttpClient()
    with answering(b"", pause=0.6) as server, pytest.raises(NoAnswerError):
        client.request("GET", server.url, 0.2)
    with answering(answer()) as server:
        assert client.request("GET", server.url, 10).status == 200
    client.close()


def test_all_requests_of_a_client_share_a_thread_which_ends_with_it() -> None:
    threads: dict[int, threading.Thread] = {}
    with answering(answer()) as server:
        threading.setprofile(lambda *_: threads.setdefault(threading.get_ident(), threading.current_thread()))
        client = HttpClient()
        try:
            assert [client.request("GET", server.url, 10).status for _ in range(3)] == [200] * 3
        finally:
            threading.setprofile(None)
            client.close()
    (worker,) = threads.values()
    worker.join(5)
    assert not worker.is_alive()


def test_without_a_connection_nothing_has_arrived() -> None:
    with pytest.raises(NoAnswerError, match="Connection refused") as fault:
        get("http://127.0.0.1:9/")
    assert fault.value.may_have_arrived is False
    with answering(b"nonsense\r\n\r\n") as server, pytest.raises(NoAnswerError) as fault:
        get(server.url)
    assert fault.value.may_have_arrived is True


def test_no_answer_over_tls_names_it() -> None:
    with answering(b"plain text") as server, pytest.raises(NoAnswerError) as fault:
        get(server.url.replace("http:", "https:"))
    assert fault.value.is_tls
    assert "_ssl.c" not in fault.value.reason


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTP_PROXY", "ftp://ann:s3cret@proxy", "The proxy ftp://proxy cannot be used"),
        ("ALL_PROXY", "http://[::1", "cannot be used"),
        ("HTTP_PROXY", "http://pro\x7fxy", "cannot be used"),
        ("SSL_CERT_FILE", "/none/at/all.pem", "SSL_CERT_FILE names /none/at/all.pem, which cannot be used: No such"),
        ("SSL_CERT_FILE", "/etc/hostname", "SSL_CERT_FILE names /etc/hostname"),
    ],
)
def test_a_setting_of_the_environment_that_cannot_be_used_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as fault:
        get("http://host.example/")
    assert words in str(fault.value)
    assert "s3cret" not in str(fault.value)
    assert str(fault.value).isprintable()


def test_a_socks_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(answer()) as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        with relaying_to(("127.0.0.1", port)) as proxy:
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            assert get("http://host.example/").body == JSON
    assert proxy.asked == ["host.example"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("120", 120.0), (" 7 ", 7.0), ("0", 0.0), ("9" * 400, 999999999.0)),
        *((None, None), ("", None), ("soon", None), ("-5", None), ("²", None)),
        *(("Thu, 01 Jan 1970 00:16:40 GMT", 0.0), ("Thu, 01 Jan 1970 01:00:00 GMT", 2600.0)),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, 1000.0) == seconds

"""The stand-in DevLake: a real HTTP server on the loopback in front of `lake`, with faults injected on demand.

As a program (`python -m tests.helpers.fake_devlake_server REPOSITORIES`) it serves a lake of that many repositories,
for the benchmark.
"""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.helpers.fake_devlake import FakeDevLake, RefusedError, answer

KEY = "operator-key-0123456789"
CONFIG_UI_PAGE = b"<!doctype html><title>DevLake</title>"
DRIP = "X-Drip"
GROUPS = 10  # and as many within them, for each connection of a filled lake


@dataclass
class Fault:
    """What happens instead of an answer, `times` times from the `after`-th matching request on."""

    pattern: re.Pattern[str]
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: int = 0
    seconds: float = 0.0
    drip: float = 0.0  # seconds between one byte of the body and the next
    is_done: bool = False  # what was asked for is done, and only its answer is lost


@dataclass
class FakeServer:
    """A running DevLake: its state, what was asked of it, and the faults that wait in it."""

    lake: FakeDevLake = field(default_factory=FakeDevLake)
    requests: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hooks: list[tuple[re.Pattern[str], Callable[[], object]]] = field(default_factory=list)
    wants_key: bool = False
    behind_config_ui: bool = False
    has_version: bool = True
    port: int = 0

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, request: str, status: int, body: Any = b"", **more: Any) -> None:
        """Answer requests that match (like `GET /plugins$`) with a fault, once unless told otherwise."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.faults.append(Fault(re.compile(request), status, content, **more))

    def meanwhile(self, request: str, deed: Callable[[], object], times: int = 1) -> None:
        """Let somebody else do something right after the first requests that match were answered."""
        self.hooks += [(re.compile(request), deed)] * times

    def writes(self) -> list[str]:
        """The requests so far that were meant to change something."""
        return [request for request in self.requests if not request.startswith("GET ")]

    def count(self, pattern: str) -> int:
        """How many requests so far match."""
        return sum(re.match(pattern, request) is not None for request in self.requests)

    def respond(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """The answer to one request."""
        parts = urlsplit(target)
        path = parts.path
        if self.behind_config_ui:
            if not path.startswith("/api/"):
                return 200, CONFIG_UI_PAGE, {"Content-Type": "text/html"}
            path = path.removeprefix("/api")
        refused = self._door(path, headers)
        if refused:
            return refused
        path = path.removeprefix("/rest")
        request = f"{method} {path}"
        self.requests.append(f"{request}?{parts.query}" if parts.query else request)
        fault = self._fault(self.requests[-1])
        if fault:
            if fault.is_done:
                self._answer(method, path, dict(parse_qsl(parts.query)), body)
            time.sleep(fault.seconds)
            return fault.status, fault.body, {**fault.headers, **({DRIP: str(fault.drip)} if fault.drip else {})}
        result = self._answer(method, path, dict(parse_qsl(parts.query)), body)
        hook = next((hook for hook in self.hooks if hook[0].match(request)), None)
        if hook:
            self.hooks.remove(hook)
            hook[1]()
        return result

    def _door(self, path: str, headers: Any) -> tuple[int, bytes, dict[str, str]] | None:
        """What stops a request under /rest; without /rest DevLake itself asks for nothing."""
        if not path.startswith("/rest/"):
            return _text(404) if self.wants_key and path != "/version" else None
        shown = headers.get("Authorization", "").removeprefix("Bearer ")
        if not shown:
            return _json(401, {"success": False, "message": "token is missing"})
        if shown == KEY:
            return None
        if shown not in self.lake.keys:
            return _json(403, {"success": False, "message": "api key is invalid"})
        if not re.search(self.lake.keys[shown]["allowedPath"], path):
            return _json(403, {"success": False, "message": "path doesn't match api key's scope"})
        return None

    def _fault(self, request: str) -> Fault | None:
        for fault in self.faults:
            if fault.pattern.match(request):
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if path == "/version" and self.has_version:
            return _json(200, {"version": "v1.0.2"})
        try:
            status, content = answer(self.lake, method, path, query, json.loads(body) if body else None)
        except LookupError:
            return _text(404)
        except RefusedError as refused:
            if not refused.message:
                return _text(refused.status)
            shape = {"code": refused.status, "success": False, "message": refused.message}
            return _json(refused.status, {**shape, "causes": refused.causes, "data": None})
        return _json(status, content)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    fake: FakeServer

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content, headers = self.fake.respond(self.command, self.path, self.headers, body)
        if status == 0:  # the connection breaks
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self._send_body(content, float(headers.get(DRIP, 0)))

    def _send_body(self, content: bytes, drip: float) -> None:
        if not drip:
            self.wfile.write(content)
        for number in range(len(content) if drip else 0):
            self.wfile.write(content[number : number + 1])
            self.wfile.flush()
            time.sleep(drip)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that went away is no error."""


@contextmanager
def running(fake: FakeServer) -> Iterator[FakeServer]:
    """Serve on a free port of the loopback."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    fake.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(status: int, content: Any) -> tuple[int, bytes, dict[str, str]]:
    return status, json.dumps(content).encode(), {"Content-Type": "application/json"}


def _text(status: int) -> tuple[int, bytes, dict[str, str]]:
    return status, b"404 page not found" if status == 404 else b"", {"Content-Type": "text/plain"}


def fill(lake: FakeDevLake, repositories: int) -> None:
    """Three connections with nested groups that share so many repositories."""
    for index, plugin in enumerate(("github", "gitlab", "bitbucket")):
        number = lake.connect(plugin)
        for group in range(GROUPS):
            outer = lake.group(plugin, number, f"org-{group}")
            inner = lake.group(plugin, number, f"org-{group}/team", parent=outer)
            for turn, repository in enumerate(range(GROUPS * index + group, repositories, 3 * GROUPS)):
                home = outer if turn % 2 else inner
                lake.repository(plugin, number, f"{home}/repository-{repository}", home)


def main() -> None:
    """Serve a lake of so many repositories until standard input ends; each line there is answered by what was asked."""
    fake = FakeServer()
    fill(fake.lake, int(sys.argv[1]))
    with running(fake):
        print(fake.url, flush=True)
        for _ in sys.stdin:
            kinds = [request.split("?")[0].split("/")[0].strip() for request in fake.requests]
            print(json.dumps({kind: kinds.count(kind) for kind in sorted(set(kinds))}), flush=True)
            fake.requests.clear()


if __name__ == "__main__":
    main()

"""A real HTTP server on the loopback in front of a FakeDevLake: keys, paths, migration, and faults on demand.

As a program (`python -m tests.helpers.fake_devlake_server --repositories 1000`) it serves the benchmark.
"""

import argparse
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
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.helpers.fake_devlake import DIAL, SUCCESS, FakeDevLake, RefusedError
from tests.helpers.fake_devlake_remote import RemoteFault

KEY = "operator-key-0123456789"
CONFIG_UI_PAGE = b"<!doctype html><title>DevLake</title>"
DRIP = "X-Drip"
FILLED = ("github", "gitlab", "azuredevops_go")  # the plugins of a filled DevLake
GROUPS = 10  # and as many within them, for each connection of a filled DevLake
VERSION = {"version": "v1.0.3-local@420e494b4"}
PENDING = "\nNew migration scripts detected. Database migration is required to launch DevLake.\nWARNING: ..."
MIGRATING = "Database migration is in progress. Please wait until it is completed. (428)"
NOT_READY = "service is not ready: waiting for migration confirmation (503)"
EMPTY_ERRORS = ("/projects", "/blueprints", "/api-keys")  # lists whose errors have no body

Reply = tuple[int, bytes, dict[str, str]]


def _route(method: str, path: str, name: str, extra: str = "", status: int = 200) -> tuple[str, Any, str, str, int]:
    """A route; `*` is one segment, `**` the rest of the path."""
    pattern = path.replace("**", "(.+)").replace("*", "([^/]+)")
    return method, re.compile(f"{pattern}$"), name, extra, status


_ONE = "/plugins/*/connections/*"
ROUTES = [
    _route("GET", "/plugins", "get_plugins"),
    _route("GET", "/plugins/*/connections", "get_connections"),
    _route("POST", "/plugins/(webhook|developer_telemetry|devtel)/connections", "post_connection", "body", 200),
    _route("POST", "/plugins/*/connections", "post_connection", "body", 201),
    _route("GET", _ONE, "get_connection"),
    _route("POST", f"{_ONE}/test", "post_test", "body"),
    _route("POST", "/plugins/*/test", "post_new_test", "body"),
    _route("POST", "/plugins/developer_telemetry/connections/*/report", "post_report", "body"),
    _route("GET", f"{_ONE}/remote-scopes", "get_remote", "query"),
    _route("GET", f"{_ONE}/scopes", "get_scopes", "query"),
    _route("GET", f"{_ONE}/scopes/**", "get_scope"),
    _route("PUT", f"{_ONE}/scopes", "put_scopes", "body"),
    _route("GET", f"{_ONE}/scope-configs", "get_configs"),
    _route("POST", f"{_ONE}/scope-configs", "post_config", "body", 201),
    _route("GET", "/projects", "get_projects", "query"),
    _route("GET", "/projects/*", "get_project"),
    _route("POST", "/projects", "post_project", "body", 201),
    _route("GET", "/blueprints", "get_blueprints", "query"),
    _route("GET", "/blueprints/*", "get_blueprint"),
    _route("PATCH", "/blueprints/*", "patch_blueprint", "body"),
    _route("POST", "/blueprints/*/trigger", "trigger", "body"),
    _route("GET", "/blueprints/*/pipelines", "get_blueprint_pipelines", "query"),
    _route("GET", "/pipelines", "get_pipelines", "query"),
    _route("GET", "/pipelines/*", "get_pipeline"),
    _route("GET", "/pipelines/*/tasks", "get_tasks"),
    _route("POST", "/api-keys", "post_key", "body", 201),
]


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
    is_done: bool = False  # the request is executed, and only its answer is lost


@dataclass
class FakeServer:
    """A running DevLake: its state, the requests it received, and the faults that wait in it."""

    lake: FakeDevLake = field(default_factory=FakeDevLake)
    requests: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hooks: list[tuple[re.Pattern[str], Callable[[], object]]] = field(default_factory=list)
    delays: list[tuple[re.Pattern[str], float]] = field(default_factory=list)
    wants_key: bool = False  # only /rest and /version are reachable, as behind a proxy
    behind_config_ui: bool = False
    has_version: bool = True
    has_database: bool = True
    migration: str = ""  # the message of the 428, while one is pending or running
    port: int = 0

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, request: str, status: int, body: Any = b"", **more: Any) -> None:
        """Answer requests that match (like `GET /plugins$`) with a fault, once by default."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.faults.append(Fault(re.compile(request), status, content, **more))

    def meanwhile(self, request: str, deed: Callable[[], object], times: int = 1) -> None:
        """Call `deed`, a change by another client, right after the first matching requests were answered."""
        self.hooks += [(re.compile(request), deed)] * times

    def writes(self) -> list[str]:
        """The requests so far that change something."""
        reads = ("GET ", "HEAD ")
        return [request for request in self.requests if not request.startswith(reads) and "/test" not in request]

    def count(self, pattern: str) -> int:
        """The number of matching requests so far."""
        return sum(re.match(pattern, request) is not None for request in self.requests)

    def respond(self, method: str, target: str, headers: Any, body: bytes) -> Reply:
        """The answer to one request."""
        parts = urlsplit(target)
        path = parts.path
        if self.behind_config_ui:
            if not path.startswith("/api/"):
                return 200, CONFIG_UI_PAGE, {"Content-Type": "text/html"}
            path = path.removeprefix("/api")
        refused = self._checked_key(path, headers)
        if refused:
            return refused
        routed = _routed(path)
        if routed is None:
            return _not_found()
        request = f"{method} {routed}"
        self.requests.append(f"{request}?{parts.query}" if parts.query else request)
        fault = self._fault(self.requests[-1])
        if fault:
            if fault.is_done:
                self._answer(method, routed, dict(parse_qsl(parts.query)), body)
            time.sleep(fault.seconds)
            kind = {"Content-Type": "application/json"} if fault.body[:1] in (b"{", b"[") else {}
            return (
                fault.status,
                fault.body,
                {**kind, **fault.headers, **({DRIP: str(fault.drip)} if fault.drip else {})},
            )
        time.sleep(sum(seconds for pattern, seconds in self.delays if pattern.match(request)))
        result = self._answer(method, routed, dict(parse_qsl(parts.query)), body)
        hook = next((hook for hook in self.hooks if hook[0].match(request)), None)
        if hook:
            self.hooks.remove(hook)
            hook[1]()
        return result

    def _checked_key(self, path: str, headers: Any) -> Reply | None:
        """The refusal of a request under /rest; without /rest DevLake requires no key."""
        if not path.startswith("/rest/"):
            return _not_found() if self.wants_key and path != "/version" else None
        header = headers.get("Authorization", "")
        key = header.removeprefix("Bearer ")
        if not header:
            return _json(401, {"success": False, "message": "token is missing"})
        if key == header:
            return _json(401, {"success": False, "message": "token is not present or malformed"})
        if not self.has_database:
            return _json(500, {"success": False, "message": f"{DIAL}\nWraps: (2) dial tcp"})
        problem = "" if key == KEY else self._key_problem(key, unquote(path).removeprefix("/rest"))
        return _json(403, {"success": False, "message": problem}) if problem else None

    def _key_problem(self, key: str, path: str) -> str:
        record = self.lake.keys.get(key)
        if record is None:
            return "api key is invalid"
        if (record.get("expiredAt") or "9999") < "2026":
            return "api key has expired"
        return "" if re.search(record["allowedPath"], path) else "path doesn't match api key's scope"

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

    def _answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> Reply:
        public = self._public(path) if method == "GET" else None
        if public:
            return public
        if self.migration:
            return _json(428, _error(self.migration))
        if not path.strip("/"):
            return _not_found()
        if path.endswith("/"):
            return _redirect(method, path)
        return self._dispatch(method, path, query, body)

    def _public(self, path: str) -> Reply | None:
        """What is answered before a migration or the database is looked at."""
        if path == "/version" and self.has_version:
            return _json(200, VERSION)
        if path == "/ping":
            return 200, b"", {}
        if path == "/ready":
            return _json(503, _error(NOT_READY)) if self.migration else _json(200, {**SUCCESS, "message": "ready"})
        if path == "/health" and self.has_database:
            return _json(200, {**SUCCESS, "message": "maybe" if self.migration else "good"})
        return _json(500, _error(DIAL)) if path == "/health" else None

    def _dispatch(self, method: str, path: str, query: dict[str, str], body: bytes) -> Reply:
        try:
            content = json.loads(body) if body else None
        except ValueError:
            return _json(500, _error("unexpected EOF"))
        for verb, pattern, name, extra, status in ROUTES:
            if verb == method and (match := pattern.match(path)):
                if not self.has_database and path != "/plugins":
                    return _without_database(path, name)
                more = {"query": [query], "body": [content], "": []}[extra]
                try:
                    return _json(status, getattr(self.lake, name)(*map(unquote, match.groups()), *more))
                except RefusedError as refused:
                    return _refusal(refused)
        return _not_found()


def _routed(path: str) -> str | None:
    """The path by which Go's router finds a route; None where it finds none.

    Under /rest the prefix is taken off the decoded path only. The raw path, which Go keeps where it is not spelt as Go
    itself spells it, still begins with /rest, so no route fits.
    """
    if not path.startswith("/rest/"):
        return path
    spelt = quote(unquote(path), safe="$&+,/:;=@-_.~")
    return quote(unquote(path).removeprefix("/rest"), safe="$&+,/:;=@-_.~") if spelt == path else None


def _without_database(path: str, name: str) -> Reply:
    """What DevLake answers while its database is stopped."""
    if path in EMPTY_ERRORS or name == "get_configs":
        return 500, b"", {}
    if name == "get_connections":
        return _json(500, [])
    causes = [DIAL] if name == "post_report" else ["error getting project from DB (500)", DIAL]
    return _json(500, _error(f"{DIAL}\nWraps: (2)", causes if name in ("get_project", "post_report") else None))


def _refusal(refused: RefusedError) -> Reply:
    if refused.status == 404 and not refused.message:
        return _not_found()
    if not refused.message:
        return refused.status, b"", {}
    return _json(refused.status, _error(refused.message, refused.causes))


def _error(message: str, causes: list[str] | None = None) -> dict[str, Any]:
    return {"code": 0, "success": False, "message": message, "causes": causes, "data": None}


def _redirect(method: str, path: str) -> Reply:
    """The redirect of a trailing slash, whose Location has lost /rest."""
    target = path.rstrip("/")
    if method != "GET":
        return 307, b"", {"Location": target}
    page = f'<a href="{target}">Moved Permanently</a>.\n\n'.encode()
    return 301, page, {"Location": target, "Content-Type": "text/html; charset=utf-8"}


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
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A closed connection of a client is no error."""


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


def _json(status: int, content: Any) -> Reply:
    return status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"}


def _not_found() -> Reply:
    return 404, b"404 page not found", {"Content-Type": "text/plain"}


def fill(lake: FakeDevLake, repositories: int) -> None:
    """Three connections with nested groups that share so many repositories."""
    for index, plugin in enumerate(FILLED):
        number = lake.connect(plugin)
        for group in range(GROUPS):
            outer = lake.group(plugin, number, f"org-{group}")
            inner = lake.group(plugin, number, f"org-{group}/team", parent=outer)
            for turn, repository in enumerate(range(GROUPS * index + group, repositories, 3 * GROUPS)):
                home = outer if turn % 2 else inner
                lake.repository(plugin, number, f"{home}/repository-{repository}", home)


def main() -> None:
    """Serve until standard input ends; each line is answered by the counts of requests, by method."""
    words = argparse.ArgumentParser(description=main.__doc__)
    words.add_argument("--repositories", type=int, default=0)
    words.add_argument("--blueprints", type=int, default=0, help="each with a few pipelines")
    words.add_argument("--dead", action="store_true", help="the service of the second connection answers 401")
    words.add_argument("--slow", type=float, default=0, help="seconds that the service of the third takes to answer")
    asked = words.parse_args()
    fake = FakeServer()
    fill(fake.lake, asked.repositories)
    for number in range(asked.blueprints):
        blueprint = fake.lake.blueprint(f"project-{number}")
        for status in ("TASK_COMPLETED", "TASK_FAILED", "TASK_COMPLETED"):
            fake.lake.pipeline(blueprint, status)
    if asked.dead:
        fake.lake.remote_faults[FILLED[1], 1] = RemoteFault(401)
    fake.delays.append((re.compile(f"GET /plugins/{FILLED[2]}/.*remote-scopes"), asked.slow))
    with running(fake):
        print(fake.url, flush=True)
        for _ in sys.stdin:
            kinds = ["TEST" if "/test" in request else request.split(" ")[0] for request in fake.requests]
            print(json.dumps({kind: kinds.count(kind) for kind in sorted(set(kinds))}), flush=True)
            fake.requests.clear()


if __name__ == "__main__":
    main()

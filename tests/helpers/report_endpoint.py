"""A report endpoint for tests: gives scripted answers and keeps the requests."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STORED = json.dumps(
    {"code": 0, "success": True, "message": "telemetry data received successfully", "causes": None, "data": None}
)
HANG = "hang"  # accept, never answer
TRICKLE = "trickle"  # one byte of a header now and then


def refusal(message: str, *causes: str) -> str:
    """An error's body as DevLake writes it."""
    return json.dumps({"code": 0, "success": False, "message": message, "causes": list(causes), "data": None})


@dataclass
class Answer:
    """One answer; `body` may be HANG or TRICKLE."""

    status: int = 200
    body: str = STORED
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before the answer


@dataclass
class Request:
    """One received request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def date(self) -> str:
        """The day of the report."""
        return str(json.loads(self.body)["date"])


class Endpoint:
    """Answers each request with the next of `script`, or with `otherwise` once it is empty."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.base = f"http://127.0.0.1:{server.server_address[1]}"
        self.url = f"{self.base}/plugins/developer_telemetry/connections/1/report"
        self.script: list[Answer] = []
        self.otherwise = Answer()
        self.requests: list[Request] = []
        self.over = threading.Event()
        self.hold = threading.Event()  # while cleared, no answer is given
        self.hold.set()

    def next_answer(self) -> Answer:
        """The answer to the latest request."""
        return self.script.pop(0) if self.script else self.otherwise


class Handler(BaseHTTPRequestHandler):
    """Answers for the endpoint that the server carries."""

    def do_POST(self) -> None:
        """Keep the request and give the next answer."""
        endpoint: Endpoint = self.server.endpoint  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length", "0"))
        headers = {name.lower(): value for name, value in self.headers.items()}
        endpoint.requests.append(Request(self.path, headers, self.rfile.read(length)))
        endpoint.hold.wait(60)
        answer = endpoint.next_answer()
        time.sleep(answer.delay)
        if answer.body == HANG:
            endpoint.over.wait(60)
        elif answer.body == TRICKLE:
            self._trickle(endpoint)
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        data = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _trickle(self, endpoint: Endpoint) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        deadline = time.monotonic() + 60
        while not endpoint.over.wait(0.2) and time.monotonic() < deadline:
            try:
                self.wfile.write(b"a")
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class ReadingHandler(Handler):
    """The same for requests that read."""

    def do_GET(self) -> None:
        """Keep the request and give the next answer."""
        self.do_POST()


@contextmanager
def listening(handler: type[Handler] = Handler) -> Iterator[Endpoint]:
    """An endpoint on a free port of the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    endpoint = Endpoint(server)
    server.endpoint = endpoint  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.over.set()
        server.shutdown()
        server.server_close()
        thread.join()

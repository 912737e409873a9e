"""The way in and out of every request: counted, one access line each, and the net under unexpected faults."""

import json
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devtelemetry_cli.server.metrics import Metrics
from devtelemetry_cli.server.responses import failure

Log = Callable[[str], None]
Access = Callable[[str, str, int, float], None]  # method, path, status, milliseconds


class AccessLogMiddleware:
    """Plain ASGI, as a report should not pay for more; `access` is told of each request, `fault` of a trace.

    No line holds a query, a header, a body, a peer's address, or a path that we do not know.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, access: Access | None, fault: Log) -> None:
        self._app = app
        self._metrics = metrics
        self._access = access
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 499  # as nginx calls it: the client left before an answer

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            pass
        except Exception:  # the one net: told once, and answered without a trace
            self._fault(f"devtel serve: unexpected fault\n{traceback.format_exc().rstrip()}")
            if status == 499:
                await failure(500, "internal error")(scope, receive, watched)
        seconds = time.perf_counter() - started
        method, route = scope["method"], getattr(scope.get("endpoint"), "__name__", "")
        self._metrics.answered(method if route else "", route, status, seconds)
        if self._access is not None:
            self._access(method, _path(scope), status, seconds * 1000)


def plain(say: Log) -> Access:
    """Access lines for people."""
    return lambda method, path, status, ms: say(f"devtel serve: {method} {path} {status} {ms:.1f} ms")


def as_json(say: Log) -> Access:
    """Access lines for machines: one JSON object each."""

    def tell(method: str, path: str, status: int, milliseconds: float) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "method": method, "path": path, "status": status, "ms": round(milliseconds, 1)}
        say(json.dumps(line))

    return tell


def _path(scope: Scope) -> str:
    """The request's path where it is one of ours, with nothing but a number as an id."""
    given = scope.get("path_params")
    if "endpoint" not in scope or given is None:
        return "(unknown path)"
    if not all(str(value).isdigit() for value in given.values()):
        return "(no connection id)"
    return quote(scope["path"])

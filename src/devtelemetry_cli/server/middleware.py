"""Metrics, an access line, and the handler of unexpected errors for every request."""

import time
import traceback
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devtelemetry_cli.server.logs import Access, Log
from devtelemetry_cli.server.metrics import Metrics
from devtelemetry_cli.server.responses import failure


class AccessLogMiddleware:
    """Plain ASGI, the cheapest form; `access` is called for each request, `fault` with a traceback.

    No line contains a query, a header, a body, a peer's address, or an unknown path.
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
        status = 499  # nginx's code: the client left before an answer

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            pass
        except Exception:  # logged once; the answer has no traceback
            self._fault(f"devtel serve: unexpected error\n{traceback.format_exc().rstrip()}")
            if status == 499:
                await failure(500, "internal error")(scope, receive, send_and_note)
        seconds = time.perf_counter() - started
        method, route = scope["method"], getattr(scope.get("endpoint"), "__name__", "")
        self._metrics.answered(method if route else "", route, status, seconds)
        if self._access is not None:
            self._access(method, _path(scope), status, seconds * 1000)


def _path(scope: Scope) -> str:
    """The request's path if it is a known one, and its id a number."""
    given = scope.get("path_params")
    if "endpoint" not in scope or given is None:
        return "(unknown path)"
    if not all(str(value).isdigit() for value in given.values()):
        return "(no connection id)"
    return quote(scope["path"])

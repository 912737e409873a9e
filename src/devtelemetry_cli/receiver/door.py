"""The way in and out of every request: one access line each, and the net under unexpected faults."""

import time
import traceback
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devtelemetry_cli.receiver.answers import failure

Log = Callable[[str], None]


class Door:
    """Plain ASGI, as a report should not pay for more; `access` gets a line per request, `fault` a trace.

    No line holds a query, a header, a body, a peer's address, or a path that we do not know.
    """

    def __init__(self, app: ASGIApp, access: Log | None, fault: Log) -> None:
        self._app = app
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
        if self._access is not None:
            milliseconds = (time.perf_counter() - started) * 1000
            self._access(f"devtel serve: {scope['method']} {_path(scope)} {status} {milliseconds:.1f} ms")


def _path(scope: Scope) -> str:
    """The request's path where it is one of ours, with nothing but a number as an id."""
    given = scope.get("path_params")
    if "endpoint" not in scope or given is None:
        return "(unknown path)"
    if not all(str(value).isdigit() for value in given.values()):
        return "(no connection id)"
    return quote(scope["path"])

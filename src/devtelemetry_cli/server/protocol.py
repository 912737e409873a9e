"""uvicorn's HTTP/1.1 with a per-request deadline for slow clients, and a limit on the head of a request."""

import asyncio
from collections.abc import Callable

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from devtelemetry_cli.server.responses import failure

HEAD_BYTES = 16 * 1024
REQUEST_SECONDS = 20.0  # longer than the limit for a body, whose 408 should still arrive


class DeadlineH11Protocol(H11Protocol):
    """Closes the connection when a request, or the rest of a refused body, is not complete in time.

    Calls `on_request` once the head of a request is complete, and `on_close` at the end.
    """

    on_request: Callable[[], None] = staticmethod(lambda: None)
    on_close: Callable[[], None] = staticmethod(lambda: None)
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The deadline of the first request begins."""
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        """The deadline runs from a request's first byte to its last."""
        if self._deadline is None:
            self._start_deadline()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self.on_request()
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):  # the request is complete
            self._cancel_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """The deadline ends."""
        self._cancel_deadline()
        super().connection_lost(exc)
        self.on_close()

    def abort(self) -> None:
        """Close the connection without waiting for its peer."""
        self.transport.abort()

    def handle_events(self) -> None:
        """h11 limits the head of a request only while it is incomplete: one that arrived at once is checked here."""
        if self.conn.their_state is h11.IDLE and _head_bytes(self.conn.trailing_data[0]) > HEAD_BYTES:
            self.send_400_response("")
        else:
            super().handle_events()

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own text
        """Malformed HTTP, or a head over HEAD_BYTES, in the same envelope as every error."""
        answer = failure(400, "malformed HTTP request, or its head is too long")
        headers = [*answer.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _head_bytes(received: bytes) -> int:
    """The length of the head that `received` begins with; 0 while it is incomplete."""
    return received.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in received else 0

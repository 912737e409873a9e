"""uvicorn's HTTP/1.1 with a per-request deadline for slow clients."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from devtelemetry_cli.server.responses import failure

HEAD_BYTES = 16 * 1024
REQUEST_SECONDS = 20.0  # longer than the limit for a body, whose 408 should still arrive


class DeadlineH11Protocol(H11Protocol):
    """Closes the connection when a request, or the rest of a refused body, is not complete in time."""

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
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):  # the request is complete
            self._cancel_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """The deadline ends."""
        self._cancel_deadline()
        super().connection_lost(exc)

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

"""uvicorn's HTTP/1.1 with an end to patience: a sender who trickles does not keep a connection for ever."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from devtelemetry_cli.server.responses import failure

HEAD_BYTES = 16 * 1024
REQUEST_SECONDS = 20.0  # a little longer than a body may take, so that who is slow there still hears why


class DeadlineH11Protocol(H11Protocol):
    """Cuts the connection when a request is not whole in time, its head or what is left of a refused body."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection has as long for its first request."""
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        """The time runs from a request's first byte to its last."""
        if self._limit is None:
            self._begin()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):  # the request is whole
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to wait for."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._limit = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """What is no HTTP, or has a head beyond HEAD_BYTES: the same envelope as everything else."""
        told = failure(400, "this is no HTTP request, or its head is too long")
        headers = [*told.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(told.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

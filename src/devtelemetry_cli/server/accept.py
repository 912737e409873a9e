"""Accepting connections, within a limit on all of them and on those of one peer that have sent no request.

uvicorn accepts without a limit: 1,100 idle connections used up the descriptors, and each further attempt to accept
wrote a traceback. Here the listening socket waits while the server is full, and further clients wait in its backlog.
"""

import asyncio
import resource
import socket
from collections.abc import Callable

from devtelemetry_cli.server.logs import Log, once_a_second
from devtelemetry_cli.server.protocol import DeadlineH11Protocol

MAX_CONNECTIONS = 4096
RESERVED_DESCRIPTORS = 200  # for the database, which on SQLite has three per connection
MAX_SILENT = 64  # connections of one peer without a request
GRACE_SECONDS = 3.0  # before a silent connection above MAX_SILENT is closed: a burst of a proxy is no attack
PAUSE_SECONDS = 1.0  # after an error of accept(), for which there may be no descriptor


class SilentPeers:
    """The connections without a request, by peer."""

    def __init__(self, limit: int = MAX_SILENT) -> None:
        self._limit = limit
        self._by_peer: dict[str, dict[DeadlineH11Protocol, None]] = {}  # in the order of their arrival

    def add(self, peer: str, connection: DeadlineH11Protocol) -> None:
        """Note a new connection."""
        self._by_peer.setdefault(peer, {})[connection] = None

    def close_excess(self, peer: str, connection: DeadlineH11Protocol) -> None:
        """Close the connection if it is still silent, and its peer has more such connections than the limit."""
        silent = self._by_peer.get(peer, {})
        if connection in silent and len(silent) > self._limit:
            self.discard(peer, connection)
            connection.abort()

    def discard(self, peer: str, connection: DeadlineH11Protocol) -> None:
        """The connection has sent a request, or is closed."""
        silent = self._by_peer.get(peer, {})
        silent.pop(connection, None)
        if not silent:
            self._by_peer.pop(peer, None)


class Acceptor:
    """Accepts connections from `listener` for protocols of `make`, at most `limit` at once."""

    def __init__(self, listener: socket.socket, make: Callable[[], DeadlineH11Protocol], limit: int, log: Log) -> None:
        self._listener = listener
        self._make = make
        self._slots = asyncio.Semaphore(limit)
        self._silent = SilentPeers()
        self._log = once_a_second(log)

    async def run(self) -> None:
        """Accept until cancelled."""
        self._listener.setblocking(False)
        loop = asyncio.get_running_loop()
        while True:
            await self._slots.acquire()
            try:
                accepted, address = await loop.sock_accept(self._listener)
            except OSError as error:
                self._slots.release()
                self._log(f"connections cannot be accepted: {error.strerror}")
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await self._serve(loop, accepted, address[0])

    async def _serve(self, loop: asyncio.AbstractEventLoop, accepted: socket.socket, peer: str) -> None:
        protocol = self._make()

        def on_close() -> None:
            self._silent.discard(peer, protocol)
            self._slots.release()

        protocol.on_request = lambda: self._silent.discard(peer, protocol)
        protocol.on_close = on_close
        self._silent.add(peer, protocol)
        loop.call_later(GRACE_SECONDS, self._silent.close_excess, peer, protocol)
        try:
            await loop.connect_accepted_socket(lambda: protocol, accepted)
        except OSError:  # the peer is gone already
            accepted.close()
            on_close()


def connection_limit() -> int:
    """MAX_CONNECTIONS, or as many as the limit on descriptors of this process leaves."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(16, min(MAX_CONNECTIONS, descriptors - RESERVED_DESCRIPTORS))

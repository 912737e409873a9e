"""A SOCKS5 proxy (RFC 1928, without authentication) on the loopback, which names the hosts that it was asked for."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SocksProxy(socketserver.ThreadingTCPServer):
    """Relays every connection to `target`, whatever host was asked for; `asked` lists these hosts."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = target
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The address for ALL_PROXY; the proxy resolves names."""
        return f"socks5h://127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.StreamRequestHandler):
    """One connection: greeting, request for a host by name, relay."""

    def handle(self) -> None:
        """Speak SOCKS5 for one CONNECT, then pass bytes both ways."""
        server: SocksProxy = self.server  # type: ignore[assignment]
        _, methods = struct.unpack("!BB", self.rfile.read(2))
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")
        self.rfile.read(4)
        (length,) = self.rfile.read(1)
        server.asked.append(self.rfile.read(length).decode())
        self.rfile.read(2)
        with socket.create_connection(server.target) as target:
            self.wfile.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            threading.Thread(target=_copy, args=(target, self.connection), daemon=True).start()
            _copy(self.connection, target)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


@contextmanager
def relaying_to(target: tuple[str, int]) -> Iterator[SocksProxy]:
    """A proxy that is running."""
    with SocksProxy(target) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()

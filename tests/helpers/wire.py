"""A TCP relay in front of a database that a test can cut and restore."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from sqlalchemy import make_url


class Relay:
    """A port through which a database is reached, until it is cut; `mend` opens it again."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._listen()

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        """Listen again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._there)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


@contextmanager
def through_relay(url: str) -> Iterator[tuple[str, Relay]]:
    """The same database at an address that can be cut."""
    parsed = make_url(url)
    wire = Relay(str(parsed.host), int(parsed.port or 0))
    with closing(type("Closing", (), {"close": staticmethod(wire.cut)})()):
        yield parsed.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False), wire

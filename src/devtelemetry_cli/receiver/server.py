"""`devtel serve` as a process: its socket, its server, its end, and the connection made from the shell."""

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import platformdirs
import uvicorn

from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.receiver import connections, database
from devtelemetry_cli.receiver.access import hash_token, is_loopback
from devtelemetry_cli.receiver.app import CONNECTIONS, create_app
from devtelemetry_cli.receiver.database import open_database
from devtelemetry_cli.receiver.door import Log
from devtelemetry_cli.receiver.schema import HEAD
from devtelemetry_cli.receiver.writer import Writer

STOP_SECONDS = 10  # for requests that were accepted before the signal
BACKLOG = 2048


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it really listens."""

    def __init__(self, config: uvicorn.Config, address: str, say: Log) -> None:
        super().__init__(config)
        self._address = address
        self._say = say

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say(f"devtel serve: listening on {self._address}")


def run(host: str, port: int, database_url: str, admin_token: str, quiet: bool) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was accepted. Raises DevtelError before."""
    listener = listen(host, port)
    opened = open_database(database_url or default_database())
    if not is_loopback(host):
        say(f"devtel serve: {host} is not this machine only: leave TLS to a proxy in front of it")
    writer = Writer(opened)
    app = create_app(opened, writer, hash_token(admin_token) if admin_token else None, None if quiet else say, say)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,  # who asks is decided by the peer and by the headers as they came
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config, address_of(listener), say)
    # uvicorn sends the signal on when it is done; to have been stopped is no failure, so it ends here.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    try:
        server.run(sockets=[listener])
    finally:
        writer.close()
        opened.close()


def migrate(database_url: str) -> str:
    """Bring the tables up to this version; what was done, in a sentence. Raises DevtelError."""
    done = database.migrate(database_url or default_database())
    return f"The database {'was brought' if done else 'is already'} up to version {HEAD}."


def add_connection(database_url: str, name: str, token: str) -> str:
    """The report path of the connection of that name, made where there is none; a `token` given is set."""
    if not 1 <= len(name.strip()) <= connections.MAX_CONNECTION_NAME:
        raise ConfigurationError("A connection's name has 1 to 100 characters.")
    opened = open_database(database_url or default_database())
    new = connections.NewConnection(name, endpoint="devtel serve", token=token)
    try:
        number = opened.write(lambda db: connections.ensure(db, new))
    finally:
        opened.close()
    return f"{CONNECTIONS}/{number}/report"


def default_database() -> str:
    """The address of reports.db in DEVTEL_HOME, else in the user's data folder, which is made private."""
    folder = Path(os.environ.get("DEVTEL_HOME") or platformdirs.user_data_dir("devtel"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    return f"sqlite:///{folder / 'reports.db'}"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ConfigurationError."""
    try:
        return _bound(host, port)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not an address"
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on: {reason}.", "Choose another with --host and --port."
        ) from None


def _bound(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    # Named as TCP's: asyncio turns Nagle's delay off (40 ms for each answer) only where it can see that.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL that a listening socket answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def say(line: str) -> None:
    """One line on standard error; when nobody reads it any more, serving goes on."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

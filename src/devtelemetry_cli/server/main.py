"""The process of `devtel serve`: its socket, its server and its end, and connections made from the shell."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import platformdirs
import uvicorn

from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.server import demo, metrics
from devtelemetry_cli.server.accept import Acceptor, connection_limit
from devtelemetry_cli.server.api.dependencies import AppState
from devtelemetry_cli.server.api.team import CONNECTIONS
from devtelemetry_cli.server.app import create_app
from devtelemetry_cli.server.auth import Tokens, hash_token, is_loopback
from devtelemetry_cli.server.db import connections, database, reports
from devtelemetry_cli.server.db.database import Database, open_database, startup_errors
from devtelemetry_cli.server.db.migrate import HEAD
from devtelemetry_cli.server.ingest.writer import Writer
from devtelemetry_cli.server.logs import Log, access_log, event_log, once_a_second
from devtelemetry_cli.server.protocol import HEAD_BYTES, DeadlineH11Protocol
from devtelemetry_cli.server.proxies import TrustedProxies
from devtelemetry_cli.server.retention import Retention
from devtelemetry_cli.server.sessions import Sessions
from devtelemetry_cli.server.settings import Settings
from devtelemetry_cli.server.team import withdrawal
from devtelemetry_cli.server.team.cell_cache import CellCache
from devtelemetry_cli.server.team.publisher import Publisher
from devtelemetry_cli.server.throttle import LoginThrottle
from devtelemetry_cli.server.workers import Workers

STOP_SECONDS = 10  # for requests that were accepted before the signal
BACKLOG = 2048
MIN_DEVELOPERS = 3


class _Server(uvicorn.Server):
    """uvicorn's server with an Acceptor; calls `started` once it listens, and ends when `parent` becomes readable."""

    def __init__(self, config: uvicorn.Config, log: Log, started: Callable[[], None], parent: int | None) -> None:
        super().__init__(config)
        self._log = log
        self._on_started = started
        self._parent = parent
        self._accepting: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_exception_handler(once_a_second(self._log)))
        if self._parent is not None:
            loop.add_reader(self._parent, self._orphaned, self._parent)
        if self.started:
            acceptor = Acceptor((sockets or [])[0], self._protocol, connection_limit(), self._log)
            self._accepting = loop.create_task(acceptor.run())
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
        await super().shutdown(sockets)

    def _protocol(self) -> DeadlineH11Protocol:
        return DeadlineH11Protocol(self.config, self.server_state, self.lifespan.state)

    def _orphaned(self, parent: int) -> None:
        asyncio.get_running_loop().remove_reader(parent)
        self.should_exit = True


def _exception_handler(log: Log) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Logs errors in callbacks of the loop: one line, not the traceback of asyncio's own handler."""
    return lambda _loop, context: log(f"unexpected error: {context['message']}: {context.get('exception')!r}")


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, then finish what was accepted; the exit code. Raises DevtelError before."""
    if settings.min_developers < MIN_DEVELOPERS and not settings.demo:
        raise ConfigurationError(
            f"--min-developers is below {MIN_DEVELOPERS}.", "In a group of two, each knows the other's part."
        )
    return _run(listen(settings.host, settings.port), settings)


def _run(listener: socket.socket, settings: Settings) -> int:
    settings = replace(settings, database=settings.database or default_database())
    if not is_loopback(settings.host):
        say(f"devtel serve: {settings.host} is not this machine only: leave TLS to a proxy in front of it")
    if settings.workers == 1:
        serve(listener, settings)
        return 0
    database.migrate(settings.database)  # once, before the workers start
    with TemporaryDirectory(prefix="devtel-metrics-") as folder:
        shared = replace(settings, metrics_folder=Path(folder))
        return Workers(settings.workers, lambda number, parent: serve(listener, shared, number, parent), say).run()


def run_demo(settings: Settings) -> int:
    """As `run`, with a made-up year in a temporary database. The port is taken first: who opens it early waits."""
    listener = listen(settings.host, settings.port)
    with TemporaryDirectory(prefix="devtel-demo-") as folder:
        url = f"sqlite:///{folder}/reports.db"
        say("devtel serve: making up a year of a team's reports, for some seconds")
        with closing(open_database(url)) as opened:
            demo.fill(opened, _secret(opened, "forget"), settings.min_developers, datetime.now(UTC).date())
        return _run(listener, replace(settings, database=url, demo=True, workers=1, retention_days=0))


def serve(listener: socket.socket, settings: Settings, number: int = 0, parent: int | None = None) -> None:
    """Serve in this process. Raises DevtelError before."""
    with closing(open_database(settings.database)) as opened:
        with startup_errors(settings.database):
            keys = {name: _secret(opened, name) for name in ("forget", "session", "pseudonym")}
        with (
            Writer(opened, keys["forget"]) as writer,
            Retention(opened, settings.retention_days, event_log(settings.log, say)),
            Publisher(opened, settings.min_developers, event_log(settings.log, say)) as publisher,
        ):
            app_state = _app_state(opened, writer, publisher, settings, keys)
            server = _server(app_state, listener, settings, number, parent)
            # uvicorn raises the signal again at its end; to be stopped is no failure, so the signal ends here.
            for one in (signal.SIGTERM, signal.SIGINT):
                signal.signal(one, server.handle_exit)
            gc.freeze()  # the modules and their tables live until the end: the collector need not visit them again
            server.run(sockets=[listener])


def _server(
    app_state: AppState, listener: socket.socket, settings: Settings, number: int, parent: int | None
) -> _Server:
    config = uvicorn.Config(
        create_app(app_state, access_log(settings.log, say), say),
        http=DeadlineH11Protocol,
        h11_max_incomplete_event_size=HEAD_BYTES,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,  # auth.py decides by the peer's address and the headers as they came
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    address = address_of(listener)
    log = (lambda _: None) if settings.log == "none" else event_log(settings.log, say)
    return _Server(config, log, lambda: None if number else say(f"devtel serve: listening on {address}"), parent)


def _secret(opened: Database, name: str) -> bytes:
    return opened.write(lambda db: reports.secret_key(db, name))


def _app_state(
    opened: Database, writer: Writer, publisher: Publisher, settings: Settings, keys: dict[str, bytes]
) -> AppState:
    def hashed(token: str) -> str | None:
        return hash_token(token) if token else None

    return AppState(
        database=opened,
        writer=writer,
        publisher=publisher,
        tokens=Tokens(view=hashed(settings.view_token), admin=hashed(settings.admin_token)),
        metrics=metrics.load(settings.metrics_folder),
        sessions=Sessions.of(opened, keys["session"], settings.view_token, settings.admin_token),
        logins=LoginThrottle(),
        proxies=TrustedProxies.parse(settings.trusted_proxies),
        forget_key=keys["forget"],
        pseudonym_key=keys["pseudonym"],
        k=settings.min_developers,
        cells=CellCache(),
        hourly_cost=settings.hourly_cost,
        demo=settings.demo,
        is_open=settings.is_open,
        public_url=settings.public_url,
    )


def migrate(database_url: str) -> str:
    """Migrate the tables to this version; the result as a sentence. Raises DevtelError."""
    done = database.migrate(database_url or default_database())
    return f"The database {'was brought' if done else 'is already'} up to version {HEAD}."


def add_connection(database_url: str, name: str, token: str, public_url: str = "") -> str:
    """The report path, or with `public_url` the report URL, of the connection of that name, created if missing.

    A given `token` is set. Raises DevtelError.
    """
    if not 1 <= len(name.strip()) <= connections.MAX_CONNECTION_NAME:
        raise ConfigurationError("A connection's name has 1 to 100 characters.")
    new = connections.NewConnection(name, endpoint="devtel serve", token=token)
    if not token:
        say("devtel serve: without --token-file a new connection accepts reports from this machine only (see --open)")
    url = database_url or default_database()
    with closing(open_database(url)) as opened, startup_errors(url):
        number = opened.write(lambda db: connections.ensure(db, new))
    address = f"{public_url}{CONNECTIONS}/{number}/report"
    if public_url:
        say(f"In each repository: devtel init --report-url {address}")
    return address


def withdraw(database_url: str, developer: str | None, day: date | None, connection: int | None) -> str:
    """Withdraw a developer's or a day's reports; the result as a sentence. Raises DevtelError."""
    url = database_url or default_database()
    with closing(open_database(url)) as opened, startup_errors(url):
        done = withdrawal.withdraw(opened, _secret(opened, "pseudonym"), withdrawal.Wanted(developer, day, connection))
    return f"{done.reports} reports withdrawn, {done.cells} published cells deleted, {done.weeks} weeks closed."


def default_database() -> str:
    """The address of reports.db in DEVTEL_HOME, else in the user's data folder; the folder is made private."""
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
    # With the protocol named: asyncio turns Nagle's delay off (40 ms per answer) only for a socket named as TCP.
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
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def say(line: str) -> None:
    """One line on standard error; serving goes on if nobody reads it."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

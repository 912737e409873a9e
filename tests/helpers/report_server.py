"""A real `devtel serve` process on a free port of the loopback, its database read back with plain SQL."""

import itertools
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from tests.helpers import preloaded
from tests.helpers.databases import Store
from tests.helpers.developer import DEVTEL
from tests.helpers.plain_http import NO_CERTIFICATES
from tests.helpers.preloaded import Process

CONNECTIONS = "/plugins/developer_telemetry/connections"
TODAY = datetime.now(UTC).date()
_names = itertools.count()


def command(*arguments: object) -> list[str]:
    """The command line of `devtel serve`."""
    return [DEVTEL, "serve", *map(str, arguments)]


def environment(home: Path) -> dict[str, str]:
    """This process' environment, but for a home of its own and every setting of devtel."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DEVTEL_", "XDG_"))}
    return kept | {"HOME": str(home), "DEVTEL_HOME": str(home / "devtel")}


def run(home: Path, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`devtel serve` where it is expected to end by itself."""
    return preloaded.run(command(*arguments), environment(home), given=stdin, timeout=120, modules=preloaded.SERVER)


def body(**changes: Any) -> dict[str, Any]:
    """A report as the plugin takes it, yesterday's."""
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    return {"date": yesterday, "developer": "d-1", "metrics": {"active_hours": 8}} | changes


def revised(revision: int, hours: int = 1, targets: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A report's `metrics` as devtel sends it."""
    return {"active_hours": hours, "schema": 1, "revision": revision, "targets": list(targets)}


@dataclass
class ReportServer:
    """A running `devtel serve`."""

    process: subprocess.Popen[bytes] | Process
    client: httpx.Client
    store: Store
    database: Path  # where the default SQLite database is
    log: Path

    def connect(self, token: str = "") -> str:
        """The path of a new connection."""
        wanted = {"name": f"team {next(_names)}", "endpoint": "x", "secretToken": token}
        return f"{CONNECTIONS}/{self.client.post(CONNECTIONS, json=wanted).raise_for_status().json()['id']}"

    def report(self, connection: str, token: str = "", **changes: Any) -> httpx.Response:
        """Post `body` with these changes."""
        return self.client.post(f"{connection}/report", json=body(**changes), headers=bearer(token))

    def forget(self, connection: str, developer: object, token: str = "") -> httpx.Response:
        """Ask for an erasure."""
        return self.client.post(f"{connection}/forget", json={"developer": developer}, headers=bearer(token))

    def rows(self, table: str, connection: str) -> list[dict[str, Any]]:
        """The rows of a connection, as any other program reads them."""
        everything = f"SELECT * FROM {table} WHERE connection_id = :id"  # noqa: S608 - the tests' own table names
        return self.store.select(everything, id=int(connection.rpartition("/")[2]))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(15)


def token_file(folder: Path, token: str) -> Path:
    """A file with `token` that only its owner can read."""
    file = folder / token
    file.touch(0o600)
    file.write_text(f"{token}\n")
    return file


def bearer(token: str) -> dict[str, str]:
    """The header with `token`, if there is one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program is in the middle of writing."""
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


@contextmanager
def start_server(home: Path, *arguments: object, database: str = "", fork: bool = True) -> Iterator[ReportServer]:
    """`devtel serve` in a home of its own, on `database` or its default; killed at the end if it still runs.

    Forked from a process that has it loaded, unless it must inherit from the test's own process.
    """
    log, file = home / "stderr", home / "devtel" / "reports.db"
    if database:
        arguments += ("--database", database)
    with log.open("wb") as stderr:
        process = _started(home, command("--port", 0, *arguments), stderr, fork=fork)
    try:
        with httpx.Client(base_url=_address(process, log), timeout=30, verify=NO_CERTIFICATES) as client:
            yield ReportServer(process, client, Store(database or f"sqlite:///{file}"), file, log)
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """The result of `condition` once it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return result


def _started(home: Path, words: list[str], stderr: BinaryIO, *, fork: bool) -> subprocess.Popen[bytes] | Process:
    with Path(os.devnull).open("r+b", buffering=0) as nothing:
        if not fork or "--workers" in words:
            return subprocess.Popen(words, env=environment(home), stdin=nothing, stderr=stderr)
        files = [file.fileno() for file in (nothing, nothing, stderr)]
        return preloaded.start(words, environment(home), files, modules=preloaded.SERVER)


def _address(process: subprocess.Popen[bytes] | Process, log: Path) -> str:
    def listening() -> re.Match[str] | None:
        text = log.read_text()
        assert process.poll() is None, text
        return re.search(r"^devtel serve: listening on (http://\S+)$", text, re.MULTILINE)

    return str(wait_for(listening, 100)[1])

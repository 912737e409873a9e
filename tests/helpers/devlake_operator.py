"""Drivers for tests: an operator's commands as real processes, and clients with a fake clock."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from devtelemetry_cli.cli import command
from devtelemetry_cli.devlake import credentials
from devtelemetry_cli.devlake.api.blueprints import rfc3339
from devtelemetry_cli.devlake.api.client import Client, new_client, open_client
from devtelemetry_cli.devlake.api.retry import Clock, Policy
from devtelemetry_cli.devlake.credentials import Access
from devtelemetry_cli.devlake.sync.options import SyncOptions, saturday_before
from devtelemetry_cli.devlake.sync.sync import Result, Sync
from tests.helpers.developer import DEVTEL
from tests.helpers.fake_devlake_server import FakeServer

NOW = 1_795_338_000.0  # Sunday 2026-11-22, 10:20 UTC
SATURDAY = saturday_before(date(2026, 11, 22))
SATURDAY_TEXT = rfc3339(SATURDAY)


@dataclass
class FakeClock:
    """A clock that only waiting moves."""

    now: float = NOW
    waits: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        """The clock for the code under test."""
        return Clock(lambda: self.now, lambda: self.now, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def client(devlake: FakeServer, key: str = "", clock: FakeClock | None = None, **policy: Any) -> Client:
    """A client for the root of the API, whose waiting takes no time."""
    root = f"{devlake.url}{'/rest' if key else ''}"
    return new_client(root, key, Policy(**policy), (clock or FakeClock()).clock())


@contextmanager
def no_progress(_length: int) -> Iterator[Callable[[int], None]]:
    """No progress bar."""
    yield lambda _steps: None


def sync(
    devlake: FakeServer,
    *choice: str,
    dry_run: bool = False,
    clock: FakeClock | None = None,
    timeout: float = 30,
    tries: int = 5,
    key: str = "",
    **wanted: Any,
) -> Result:
    """One sync on the Sunday of these tests."""
    options = SyncOptions(**{"time_after": SATURDAY, **wanted})
    with client(devlake, key, clock=clock, timeout=timeout, tries=tries) as reader:
        return Sync(reader, options, choice, lambda _step: None, no_progress, dry_run).run()


@dataclass
class Operator:
    """An operator at a shell, with an own folder and home."""

    folder: Path
    devlake: FakeServer
    environ: dict[str, str]

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.folder / "home"

    @property
    def work(self) -> Path:
        """The working folder of the commands."""
        return self.folder / "work"

    def argv(self, *rest: str) -> list[str]:
        """The arguments that start a command of `devtel devlake`."""
        return [DEVTEL, "devlake", *rest]

    def call(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call a command within this process, without a terminal: a third of a second faster."""
        with contextlib.chdir(self.work):
            done = CliRunner().invoke(command, ["devlake", *words], env={**self.environ, **environ}, prog_name="devtel")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return subprocess.CompletedProcess([*words], done.exit_code, done.stdout, done.stderr)

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process to its end, without a terminal."""
        return subprocess.run(
            self.argv(*words),
            cwd=self.work,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
        )

    def json(self, *words: str) -> Any:
        """The decoded output of a command with --json."""
        return json.loads(self.call(*words, "--json").stdout)

    @contextmanager
    def start(self, *words: str, **environ: str) -> Iterator["Service"]:
        """Start a command that keeps running."""
        log = self.folder / "stderr"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                self.argv(*words),
                cwd=self.work,
                env={**self.environ, **environ},
                stdin=subprocess.DEVNULL,
                stderr=stderr,
            )
        try:
            yield Service(process, log)
        finally:
            process.kill()
            process.wait()


def new_operator(folder: Path, devlake: FakeServer) -> Operator:
    """An operator with fresh folders, whose environment names this DevLake."""
    environ = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder / "home"),
        "DEVTEL_HOME": str(folder / "home" / "devtel"),
        "DEVTEL_DEVLAKE_URL": devlake.url,
        "LANG": "C.UTF-8",
    }
    operator = Operator(folder, devlake, environ)
    operator.home.mkdir()
    operator.work.mkdir()
    return operator


@dataclass
class Service:
    """A running command."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for_log(self, text: str, seconds: float = 15) -> str:
        """Its log, once it contains this text."""
        return str(wait_for(lambda: text in self.log.read_text() and self.log.read_text(), seconds))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(10)


def wait_for(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """The result of `condition`, once it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return result


def connect(devlake: FakeServer, url: str = "", key: str = "") -> Client:
    """A client that searches for the API at an address as typed."""
    found = Access(credentials.check_url(url or devlake.url), key)
    return open_client(found, Policy(tries=2), FakeClock().clock())

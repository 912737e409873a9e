"""What the tests drive: an operator's commands as real processes, and clients whose time is the test's own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
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
from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.retry import Clock, Policy
from devtelemetry_cli.devlake.credentials import Access
from devtelemetry_cli.devlake.sync.options import SyncOptions, rfc3339, saturday_before
from devtelemetry_cli.devlake.sync.sync import Result, Sync
from tests.helpers.fake_devlake_server import StandIn

NOW = 1_795_338_000.0  # Sunday 2026-11-22, 10:20 UTC
SATURDAY = saturday_before(date(2026, 11, 22))
SATURDAY_TEXT = rfc3339(SATURDAY)


@dataclass
class Time:
    """A clock that only waiting moves."""

    now: float = NOW
    waits: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        """As the product takes it."""
        return Clock(lambda: self.now, lambda: self.now, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def client(devlake: StandIn, key: str = "", hours: Time | None = None, **policy: Any) -> Client:
    """A client straight at the root, whose waiting takes no time."""
    return Client(f"{devlake.url}{'/rest' if key else ''}", key, Policy(**policy), (hours or Time()).clock())


@contextmanager
def quietly(_length: int) -> Iterator[Callable[[int], None]]:
    """No progress to be seen."""
    yield lambda _steps: None


def sync(
    devlake: StandIn,
    *choice: str,
    dry_run: bool = False,
    hours: Time | None = None,
    timeout: float = 30,
    tries: int = 5,
    **wanted: Any,
) -> Result:
    """One sync on the Sunday of these tests."""
    wish = SyncOptions(**{"time_after": SATURDAY, **wanted})
    with client(devlake, hours=hours, timeout=timeout, tries=tries) as reader:
        return Sync(reader, wish, choice, lambda _step: None, quietly, dry_run).run()


@dataclass
class Operator:
    """Somebody at a shell, in a folder and a home of their own."""

    folder: Path
    devlake: StandIn
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir()
        self.work = self.folder / "work"
        self.work.mkdir()
        self.environ = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.home),
            "DEVTEL_HOME": str(self.home / "devtel"),
            "DEVTEL_DEVLAKE_URL": self.devlake.url,
            "LANG": "C.UTF-8",
            **self.environ,
        }

    def words(self, *rest: str) -> list[str]:
        """The words that start a command of `devtel devlake`."""
        return [sys.executable, "-m", "devtelemetry_cli", "devlake", *rest]

    def call(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call a command within this process, away from a terminal: that is a third of a second sooner."""
        with contextlib.chdir(self.work):
            done = CliRunner().invoke(command, ["devlake", *words], env={**self.environ, **environ}, prog_name="devtel")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return subprocess.CompletedProcess([*words], done.exit_code, done.stdout, done.stderr)

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own to its end, away from a terminal."""
        return subprocess.run(
            self.words(*words),
            cwd=self.work,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
        )

    def asked(self, *words: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.call(*words, "--json").stdout)

    @contextmanager
    def start(self, *words: str, **environ: str) -> Iterator["Service"]:
        """Start a command that goes on."""
        log = self.folder / "stderr"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                self.words(*words),
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


@dataclass
class Service:
    """A command that runs until it is told to end."""

    process: subprocess.Popen[bytes]
    log: Path

    def says(self, text: str) -> str:
        """Its log, once it holds this text."""
        return str(wait_for(lambda: text in self.log.read_text() and self.log.read_text()))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(10)


def wait_for(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return result


def connect(devlake: StandIn, url: str = "", key: str = "") -> Client:
    """A client that looks for the API at an address as somebody typed it."""
    found = Access(credentials.check_url(url or devlake.url), key)
    return api.connect(found, Policy(tries=2), Time().clock())

"""Every test has a home of its own, leaves no process behind, and sees the same examples every time."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.developer import Developer, processes_of
from tests.helpers.report_endpoint import Endpoint, listening

settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")

# Started in the background or under nohup, the tests would hand ignored signals on to every build that they interrupt.
for number, default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, default)

# `make test` and a CI server set these; a test sets what it means to.
SWITCHES = ["CI", "DO_NOT_TRACK", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKE_TERMOUT", "MAKE_TERMERR"]
for name in [name for name in os.environ if name.startswith("DEVTEL")] + SWITCHES:
    os.environ.pop(name, None)


@pytest.fixture(autouse=True)
def _no_real_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs inside the test's own process must not find the real home either."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    for folder in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.delenv(f"XDG_{folder}_HOME", raising=False)


@pytest.fixture
def developer(tmp_path: Path) -> Iterator[Developer]:
    """A developer in a project that names a report URL where nobody listens; undecided."""
    person = Developer(tmp_path / "developer")
    person.project_file()
    yield person
    left = list(processes_of(person.folder))
    assert not left, f"processes left behind: {left}"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A report endpoint that answers as a test tells it to."""
    with listening() as running:
        yield running

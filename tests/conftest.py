"""Every test has a home of its own, leaves no process behind, and sees the same examples every time."""

import gc
import os
import signal
import sys
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

# Compiled modules are kept, as an installed devtel has them: else each process that is started compiles them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: while one test waits, another one runs."""
    return (os.cpu_count() or 1) + 1


# Folders whose tests take seconds all together: they run first, so that a mistake is named at once.
FAST = ("tests/model/", "tests/report/", "tests/scripts/", "tests/test_aggregate.py", "tests/test_errors.py")


class FailuresAtOnce:
    """Prints name and reason of a failure when it happens; the traceback follows at the end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a failed report's first line."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = str(crash or report.longreprtext).strip().partition("\n")[0]
            self.terminal.write_line(f"\n{report.nodeid} {report.when}: {reason}", red=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Print failures at once, in the process that has the terminal."""
    config = session.config
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


# `make test` runs each test under one make and on SQLite; CI runs the matrix.
MATRIX = {"4.4.1", "postgresql", "mariadb"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of the other makes and databases as slow."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and not MATRIX.isdisjoint(callspec.id.split("-")):
        item.add_marker(pytest.mark.slow)


# All their tests are slow, and to import them is too: schemathesis generates its requests then, 3 s in each process.
SLOW_MODULES = {"test_generated_requests.py", "test_browser.py", "test_compose.py", "test_install.py"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import the modules of which `make test` runs nothing."""
    return True if config.option.markexpr == "not slow" and collection_path.name in SLOW_MODULES else None


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> list[pytest.Item] | None:
    """Leave out the long matrices that `make test` does not run: to make thousands of items takes each process 1 s."""
    if not name.startswith("test") or collector.config.option.markexpr != "not slow":
        return None
    return [] if any(mark.name == "slow" for mark in getattr(obj, "pytestmark", [])) else None


def pytest_collection() -> None:
    """Collect no garbage while the tests are collected: nothing is thrown away, and each round takes longer."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the fast folders first; all else keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(FAST))
    gc.freeze()
    gc.enable()


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

"""Every test has a home of its own, leaves no process behind, and sees the same examples every time."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import Developer, processes_of

settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")

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

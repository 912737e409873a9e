"""The database servers of the tests: those named by the environment, else started when needed."""

import fcntl
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from tests.helpers.db_keeper import find

# Not DEVTEL_...: every setting of devtel is taken out of the tests' environment.
GIVEN = {"postgresql": "TEST_DEVTEL_POSTGRESQL", "mariadb": "TEST_DEVTEL_MARIADB"}
PROGRAMS = {"postgresql": ("initdb", "postgres"), "mariadb": ("mariadb-install-db", "mariadbd")}
DATABASES = ("sqlite", *GIVEN)
START_SECONDS = 45
_numbers = itertools.count()


@cache
def server(kind: str, shared: Path, *more: str) -> str:
    """The address of a server of that kind, which runs while any test process lives; skips where there is none."""
    if url := os.environ.get(GIVEN[kind]):
        return url
    if missing := [program for program in PROGRAMS[kind] if find(program) is None]:
        pytest.skip(f"{kind}: {GIVEN[kind]} is not set and {missing[0]} is not installed")
    folder = shared / kind
    folder.mkdir(exist_ok=True)
    users = os.open(folder / "users", os.O_RDWR | os.O_CREAT)
    fcntl.flock(users, fcntl.LOCK_SH)  # until this process ends, however it does
    _start_once(kind, folder, *more)
    return _address(folder)


@contextmanager
def new_database(url: str) -> Iterator[str]:
    """The address of an empty database on that server, dropped afterwards."""
    name = f"devtel_{os.getpid()}_{next(_numbers)}"
    _command(url, f"CREATE DATABASE {name}")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        forced = " WITH (FORCE)" if url.startswith("postgresql") else ""
        _command(url, f"DROP DATABASE {name}{forced}")


def _start_once(kind: str, folder: Path, *more: str) -> None:
    """The first of the test processes starts the keeper."""
    with suppress(FileExistsError):
        os.close(os.open(folder / "started", os.O_CREAT | os.O_EXCL))
        subprocess.Popen(
            [sys.executable, Path(__file__).with_name("db_keeper.py"), kind, folder, *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "keeper.log").open("wb"),
            start_new_session=True,
        )


def _address(folder: Path) -> str:
    """The address, once the server takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, DBAPIError):
            url = (folder / "url").read_text()
            _command(url, "SELECT 1")
            return url
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text() + (folder / "keeper.log").read_text())


def _command(url: str, sql: str) -> None:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(sql))

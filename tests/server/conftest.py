"""The server that most of these tests talk to, and the databases it runs on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import make_url

from devtelemetry_cli.server.db.database import migrate
from tests.helpers.databases import copy_database, database, remove_rows
from tests.helpers.db_server import DATABASES
from tests.helpers.report_server import ReportServer, start_server


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    """One server for all tests that only send requests, each to its own connection; on SQLite unless parametrized."""
    home, kind = tmp_path_factory.mktemp("server"), getattr(request, "param", "sqlite")
    with ExitStack() as open_until_the_end:
        url = "" if kind == "sqlite" else open_until_the_end.enter_context(database(kind, tmp_path_factory))
        yield open_until_the_end.enter_context(start_server(home, database=url))


@pytest.fixture
def connection(server: ReportServer) -> str:
    """The path of a connection that asks for no token."""
    return server.connect()


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database without tables, one of each kind."""
    with database(request.param, tmp_path_factory) as address:
        yield address


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Kind -> the URL of a database with tables. One per database server and test process: migrating takes seconds."""
    with ExitStack() as open_until_the_end:

        @cache
        def of_kind(kind: str) -> str:
            address = open_until_the_end.enter_context(database(kind, tmp_path_factory))
            migrate(address)
            return address

        yield of_kind


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, migrated: Callable[[str], str], tmp_path: Path) -> str:
    """The URL of a database with empty tables, one of each kind."""
    address = migrated(request.param)
    if request.param == "sqlite":
        return copy_database(Path(str(make_url(address).database)), tmp_path)
    remove_rows(address)
    return address


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """In modules with EVERYWHERE the server runs on every kind of database."""
    if getattr(metafunc.module, "EVERYWHERE", False) and "server" in metafunc.fixturenames:
        metafunc.parametrize("server", DATABASES, indirect=True, scope="session")

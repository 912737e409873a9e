"""The receiver that most of these tests talk to, and the databases it runs on."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.helpers.databases import database
from tests.helpers.db_server import DATABASES
from tests.helpers.report_server import Receiver, receiver_in


@pytest.fixture(scope="session")
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver for all tests that only talk to it, each over a connection of its own; on SQLite unless marked."""
    home, kind = tmp_path_factory.mktemp("receiver"), getattr(request, "param", "sqlite")
    with ExitStack() as open_until_the_end:
        url = "" if kind == "sqlite" else open_until_the_end.enter_context(database(kind, tmp_path_factory))
        yield open_until_the_end.enter_context(receiver_in(home, database=url))


@pytest.fixture
def connection(receiver: Receiver) -> str:
    """The path of a connection that asks for no token."""
    return receiver.connect()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database, one of each kind."""
    with database(request.param, tmp_path_factory) as address:
        yield address


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Modules that say EVERYWHERE have their receiver on every kind of database."""
    if getattr(metafunc.module, "EVERYWHERE", False) and "receiver" in metafunc.fixturenames:
        metafunc.parametrize("receiver", DATABASES, indirect=True, scope="session")

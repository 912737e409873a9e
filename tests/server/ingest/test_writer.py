"""Work that waits together is committed together, and an error fails only its own request."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from devtelemetry_cli.server.db.connections import NewConnection, ensure, list_all
from devtelemetry_cli.server.db.database import Database, open_database
from devtelemetry_cli.server.ingest.writer import Writer
from devtelemetry_cli.server.responses import RefusedError

Work = Callable[[Connection], object]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'reports.db'}")
    yield opened
    opened.close()


def make(name: str) -> Work:
    return lambda db: ensure(db, NewConnection(name, "e"))


def fail_after(name: str, error: Exception) -> Work:
    def work(db: Connection) -> None:
        make(name)(db)
        raise error

    return work


def refuse(_db: Connection) -> None:
    raise RefusedError(410, "no")


def written_together(database: Database, *works: Work) -> list[object]:
    """The results of `works` that all wait while the writer is busy."""

    async def together() -> list[object]:
        busy = threading.Event()
        with Writer(database, b"key") as writer:
            first = asyncio.ensure_future(writer.write(lambda _db: busy.wait(5)))
            rest = [asyncio.ensure_future(writer.write(work)) for work in works]
            await asyncio.sleep(0.05)
            busy.set()
            outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
        return outcomes[1:]

    return asyncio.run(together())


def names(database: Database) -> set[str]:
    return {row.name for row in database.read(list_all)}


def test_each_request_gets_its_own_result(database: Database) -> None:
    assert written_together(database, make("a"), make("b"), make("a")) == [1, 2, 1]


def test_a_refusal_fails_only_its_own_request(database: Database) -> None:
    a, refused, b = written_together(database, make("a"), refuse, make("b"))
    assert (a, b) == (1, 2)
    assert isinstance(refused, RefusedError)


def test_an_error_undoes_only_its_own_work(database: Database) -> None:
    a, fault, b = written_together(database, make("a"), fail_after("bad", ValueError("x")), make("b"))
    assert (isinstance(a, int), isinstance(fault, ValueError), isinstance(b, int)) == (True, True, True)
    assert names(database) == {"a", "b"}


def test_submitted_work_is_written_before_the_writer_ends(database: Database) -> None:
    async def leave_at_once() -> None:
        with Writer(database, b"key") as writer:
            pending = [asyncio.ensure_future(writer.write(make(name))) for name in "abc"]
            await asyncio.sleep(0)
        await asyncio.gather(*pending)

    asyncio.run(leave_at_once())
    assert names(database) == set("abc")


def test_a_client_that_left_delays_no_other(database: Database) -> None:
    async def leave() -> object:
        busy = threading.Event()
        with Writer(database, b"key") as writer:
            gone = asyncio.ensure_future(writer.write(lambda _db: busy.wait(5)))
            await asyncio.sleep(0.02)
            gone.cancel()
            stays = asyncio.ensure_future(writer.write(make("a")))
            busy.set()
            return await stays

    assert asyncio.run(leave()) == 1

"""Work that waits together is committed together, and none pays for another's fault."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from devtelemetry_cli.server.db.connections import NewConnection, all_of_them, ensure
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
    """What becomes of `works` that all wait while the writer is busy with another."""

    async def together() -> list[object]:
        writer, busy = Writer(database, b"key"), threading.Event()
        first = asyncio.ensure_future(writer.write(lambda _db: busy.wait(5)))
        rest = [asyncio.ensure_future(writer.write(work)) for work in works]
        await asyncio.sleep(0.05)
        busy.set()
        outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
        writer.close()
        return outcomes[1:]

    return asyncio.run(together())


def names(database: Database) -> set[str]:
    return {row.name for row in database.read(all_of_them)}


def test_everyone_hears_of_the_own_result(database: Database) -> None:
    assert written_together(database, make("a"), make("b"), make("a")) == [1, 2, 1]


def test_a_refusal_is_for_its_sender_only(database: Database) -> None:
    a, refused, b = written_together(database, make("a"), refuse, make("b"))
    assert (a, b) == (1, 2)
    assert isinstance(refused, RefusedError)


def test_a_fault_undoes_its_own_work_and_no_others(database: Database) -> None:
    a, fault, b = written_together(database, make("a"), fail_after("bad", ValueError("x")), make("b"))
    assert (isinstance(a, int), isinstance(fault, ValueError), isinstance(b, int)) == (True, True, True)
    assert names(database) == {"a", "b"}


def test_what_was_handed_in_is_written_before_the_writer_closes(database: Database) -> None:
    async def leave_at_once() -> None:
        writer = Writer(database, b"key")
        pending = [asyncio.ensure_future(writer.write(make(name))) for name in "abc"]
        await asyncio.sleep(0)
        writer.close()
        await asyncio.gather(*pending)

    asyncio.run(leave_at_once())
    assert names(database) == set("abc")


def test_a_sender_that_left_keeps_nobody_waiting(database: Database) -> None:
    async def leave() -> object:
        writer, busy = Writer(database, b"key"), threading.Event()
        gone = asyncio.ensure_future(writer.write(lambda _db: busy.wait(5)))
        await asyncio.sleep(0.02)
        gone.cancel()
        stays = asyncio.ensure_future(writer.write(make("a")))
        busy.set()
        result = await stays
        writer.close()
        return result

    assert asyncio.run(leave()) == 1

"""One thread that writes what requests ask for: what waits together is committed together.

A commit waits for the disk, and threads that each take turns at a database and at the interpreter spend
most of their time handing over: docs/decisions/0006-one-writing-thread.md.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.db.database import (
    ATTEMPTS,
    Database,
    DatabaseBusyError,
    PersistentConnection,
    lost_against_another,
)
from devtelemetry_cli.server.ingest.batch import Received, take
from devtelemetry_cli.server.responses import RefusedError

T = TypeVar("T")
AWAY = (OperationalError, InterfaceError, DatabaseBusyError)
MOST = 128  # jobs in one transaction, so that the first does not wait for long


class _WriteRequest(NamedTuple):
    work: "Callable[[Connection], Any] | Received"
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"


class Writer:
    """Runs pieces of work in the order of their arrival; `close` finishes what was handed in."""

    def __init__(self, database: Database, forget_key: bytes) -> None:
        self._database = database
        self._forget_key = forget_key
        self._waiting: SimpleQueue[_WriteRequest | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` once it is committed. `work` may raise its refusals only before it writes."""
        result: T = await self._submit(work)
        return result

    async def take(self, received: Received) -> bool:
        """Whether the report was stored, or is older than what is there; once it is committed. Raises its refusal."""
        stored: bool = await self._submit(received)
        return stored

    async def _submit(self, work: "Callable[[Connection], Any] | Received") -> Any:  # noqa: ANN401 - of any work
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.put(_WriteRequest(work, loop, answer))
        return await answer

    def close(self) -> None:
        """Finish, and end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        with self._database.keep() as kept:
            while (first := self._waiting.get()) is not None:
                jobs = [first]
                while len(jobs) < MOST and (job := self._next()) is not None:
                    jobs.append(job)
                outcomes = self._outcomes(kept, jobs)
                with suppress(RuntimeError):  # the loop ended: what was written stays, nobody waits to hear it
                    first.loop.call_soon_threadsafe(_deliver, jobs, outcomes)

    def _next(self) -> _WriteRequest | None:
        try:
            job = self._waiting.get_nowait()
        except Empty:
            return None
        if job is None:
            self._waiting.put(None)  # the end comes after the jobs before it
        return job

    def _outcomes(self, kept: PersistentConnection, jobs: list[_WriteRequest]) -> list[Any]:
        """A result or an exception for each job: of one transaction, or of one each where that one failed."""
        try:
            return kept.write(lambda db: self._run_batch(db, jobs), ATTEMPTS if len(jobs) == 1 else 1)
        except Exception as error:
            if len(jobs) == 1:
                return [error]
            if isinstance(error, AWAY) and not lost_against_another(error):
                return [error] * len(jobs)  # the database is away for all of them
        # One of them is at fault or met another process', and the others must not pay for it.
        return [self._outcomes(kept, [job])[0] for job in jobs]

    def _run_batch(self, db: Connection, jobs: list[_WriteRequest]) -> list[Any]:
        """What becomes of each: the reports with few statements for all of them, the others one by one."""
        received = [job.work for job in jobs if isinstance(job.work, Received)]
        taken = iter(take(db, self._forget_key, received) if received else [])
        return [next(taken) if isinstance(job.work, Received) else _try(job.work, db) for job in jobs]


def _try(work: Callable[[Connection], Any], db: Connection) -> object:
    try:
        return work(db)
    except (RefusedError, ReportError) as refusal:
        return refusal


def _deliver(jobs: list[_WriteRequest], outcomes: list[Any]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.answer.done():  # its sender left
            continue
        if isinstance(outcome, Exception):
            job.answer.set_exception(outcome)
        else:
            job.answer.set_result(outcome)

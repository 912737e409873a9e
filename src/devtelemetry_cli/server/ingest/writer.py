"""The thread that does all writing of requests: work that waits together is committed together.

A commit waits for the disk, and threads that take turns at a database and at the interpreter spend most of their
time on the switches: docs/decisions/0006-one-writing-thread.md.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.db.database import (
    ATTEMPTS,
    Database,
    DatabaseBusyError,
    PersistentConnection,
    is_retryable,
)
from devtelemetry_cli.server.ingest.batch import Received, store_batch
from devtelemetry_cli.server.responses import Outcome, RefusedError
from devtelemetry_cli.server.throttle import ReportThrottle

T = TypeVar("T")
UNAVAILABLE = (OperationalError, InterfaceError, DatabaseBusyError)
MAX_BATCH = 128  # requests in one transaction, so that the first does not wait for long


class _WriteRequest(NamedTuple):
    work: "Callable[[Connection], Any] | Received"
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"


class Writer:
    """Does work in the order of its arrival, from entering the context to its exit, which finishes all of it."""

    def __init__(self, database: Database, forget_key: bytes) -> None:
        self._database = database
        self._forget_key = forget_key
        self._throttle = ReportThrottle()
        self._queue: SimpleQueue[_WriteRequest | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._queue.put(None)
        self._thread.join()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` once it is committed. `work` may raise its refusals only before it writes."""
        result: T = await self._submit(work)
        return result

    async def store_report(self, received: Received) -> bool:
        """Once committed: True if stored, False if a later revision is stored already. Raises its refusal."""
        stored: bool = await self._submit(received)
        return stored

    async def _submit(self, work: "Callable[[Connection], Any] | Received") -> Any:  # noqa: ANN401 - of any work
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._queue.put(_WriteRequest(work, loop, answer))
        return await answer

    def _run(self) -> None:
        with self._database.keep() as connection:
            while (first := self._queue.get()) is not None:
                requests = [first]
                while len(requests) < MAX_BATCH and (request := self._next()) is not None:
                    requests.append(request)
                outcomes = self._outcomes(connection, requests)
                with suppress(RuntimeError):  # the loop ended: the rows stay, no answer is awaited
                    first.loop.call_soon_threadsafe(_deliver, requests, outcomes)

    def _next(self) -> _WriteRequest | None:
        try:
            request = self._queue.get_nowait()
        except Empty:
            return None
        if request is None:
            self._queue.put(None)  # the end comes after the requests before it
        return request

    def _outcomes(self, connection: PersistentConnection, requests: list[_WriteRequest]) -> list[Outcome]:
        """The outcome of each request: of one transaction, or of one each where that one failed."""
        try:
            attempts = ATTEMPTS if len(requests) == 1 else 1
            return connection.write(lambda db: self._run_batch(db, requests), attempts)
        except Exception as error:
            if len(requests) == 1:
                return [Outcome(error=error)]
            if isinstance(error, UNAVAILABLE) and not is_retryable(error):
                return [Outcome(error=error)] * len(requests)
        # One request failed, or conflicted with another process, and must not fail the others.
        return [self._outcomes(connection, [request])[0] for request in requests]

    def _run_batch(self, db: Connection, requests: list[_WriteRequest]) -> list[Outcome]:
        """Reports are stored by few statements for all of them, other work one by one."""
        received = {index: one.work for index, one in enumerate(requests) if isinstance(one.work, Received)}
        stored = store_batch(db, self._forget_key, self._throttle, received) if received else {}
        return [
            stored[index] if isinstance(request.work, Received) else _do(request.work, db)
            for index, request in enumerate(requests)
        ]


def _do(work: Callable[[Connection], Any], db: Connection) -> Outcome:
    try:
        return Outcome(work(db))
    except (RefusedError, ReportError) as refusal:
        return Outcome(error=refusal)


def _deliver(requests: list[_WriteRequest], outcomes: list[Outcome]) -> None:
    for request, outcome in zip(requests, outcomes, strict=True):
        if request.answer.done():  # the client left
            continue
        if outcome.error is not None:
            request.answer.set_exception(outcome.error)
        else:
            request.answer.set_result(outcome.value)

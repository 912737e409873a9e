"""The database: opened once, used in short transactions, on SQLite or on a server."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, exc

from devtelemetry_cli.errors import ConfigurationError, UnavailableError, missing_extra, reason
from devtelemetry_cli.server.db.engine import BUSY_SECONDS, make_engine, parse
from devtelemetry_cli.server.db.locks import held
from devtelemetry_cli.server.db.migrate import upgrade

ATTEMPTS = 5
CONFLICT_STATES = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock
CONFLICT_CODES = frozenset({1020, 1205, 1213})  # MariaDB: changed since read, lock wait timeout, deadlock

T = TypeVar("T")


class DatabaseBusyError(Exception):
    """Another writer holds the database for longer than a client waits."""


class ConflictError(Exception):
    """Another transaction changed rows that this one decided by: a retry may succeed."""


class Database:
    """An open database whose tables exist. Safe to share between threads; `close` ends it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._one_writer = engine.dialect.name == "sqlite"
        self._writer_lock = threading.Lock()

    def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` in a transaction that only reads."""
        with self._engine.connect() as db:
            return work(db)

    def write(self, work: Callable[[Connection], T], attempts: int = ATTEMPTS) -> T:
        """The result of `work` in a transaction of its own, done whole or not at all.

        `work` runs again when the transaction conflicted with another. Raises SQLAlchemy's errors,
        DatabaseBusyError and ConflictError.
        """
        return _with_retries(self._transaction, work, attempts)

    def keep(self) -> "closing[PersistentConnection]":
        """A connection kept for one thread that writes most of the time."""
        return closing(PersistentConnection(self._writer, self._writer_turn))

    def dry_run(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` in a transaction that writes and is rolled back."""
        with self._writer_turn(), self._writer.connect() as db:
            return work(db)

    def try_lock(self, name: str, work: Callable[[], T]) -> T | None:
        """The result of `work` under the lock `name`; None if another process holds it (locks.held)."""
        with self._engine.connect() as db, held(db, name, wait=False) as is_held:
            return work() if is_held else None

    def forget_log(self) -> None:
        """Fold SQLite's log into the file and empty it, so that erased values are in neither.

        Readers and writers of other connections are waited for, for BUSY_SECONDS at most.
        """
        if self._one_writer:
            with self._writer_turn(), self._engine.connect() as db:
                db.exec_driver_sql("ROLLBACK")  # a checkpoint waits for the transaction that every connection begins
                db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection; SQLite then folds its log into the file."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._writer_turn(), self._writer.begin() as db:
            yield db

    @contextmanager
    def _writer_turn(self) -> Iterator[None]:
        """SQLite has one writer at a time and polls for its lock: the threads of this process queue here instead."""
        if self._one_writer and not self._writer_lock.acquire(timeout=BUSY_SECONDS):
            raise DatabaseBusyError
        try:
            yield
        finally:
            if self._one_writer:
                self._writer_lock.release()


class PersistentConnection:
    """A connection kept by one thread, without a liveness check (a round trip) before each transaction.

    `write` reconnects when the connection was lost, so that no request fails after a restart of the database.
    """

    def __init__(self, engine: Engine, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self._engine = engine
        self._turn = turn
        self._db: Connection | None = None

    def write(self, work: Callable[[Connection], T], attempts: int = ATTEMPTS) -> T:
        """As Database.write."""
        try:
            return _with_retries(self._transaction, work, attempts)
        except exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return _with_retries(self._transaction, work, attempts)  # the connection was lost, perhaps long ago

    def close(self) -> None:
        """Give the connection back."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._turn():
            if self._db is None:
                self._db = self._engine.connect()
            try:
                with self._db.begin():
                    yield self._db
            except exc.DBAPIError as error:
                if error.connection_invalidated:
                    self.close()
                raise


def open_database(url: str) -> Database:
    """Open the database at `url`, its tables brought up to this version.

    Raises ConfigurationError or UnavailableError with a sentence for the operator, never with a password.
    """
    migrate(url)
    return Database(make_engine(parse(url)))


@contextmanager
def startup_errors(url: str) -> Iterator[None]:
    """Turns errors of the database at `url` into UnavailableError: at the start they are one sentence."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, DatabaseBusyError, ConflictError) as error:
        cause = getattr(error, "orig", None)
        why = reason(cause) if cause else "another program uses it"
        raise UnavailableError(f"The database {_shown(parse(url))} cannot be used: {why}.") from None


def migrate(url: str) -> bool:
    """Bring the tables at `url` up to this version; whether there was something to do. Raises as open_database."""
    parsed = parse(url)
    shown = _shown(parsed)
    try:
        engine = make_engine(parsed, patient=True)
        try:
            return upgrade(engine)
        finally:
            engine.dispose()
    except (ModuleNotFoundError, exc.NoSuchModuleError):
        message = f"No driver is installed for the database {shown}."
        extra = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}.get(parsed.get_backend_name())
        raise missing_extra(message, f"server,{extra}") if extra else ConfigurationError(message) from None
    except exc.OperationalError as error:
        raise UnavailableError(f"The database {shown} cannot be used: {reason(error.orig or error)}.") from None
    except exc.DatabaseError as error:
        raise ConfigurationError(f"The database {shown} cannot be used: {reason(error.orig or error)}.") from None


def _with_retries(
    transaction: Callable[[], AbstractContextManager[Connection]], work: Callable[[Connection], T], attempts: int
) -> T:
    for attempt in range(attempts):
        try:
            with transaction() as db:
                return work(db)
        except (exc.DBAPIError, ConflictError) as error:
            if attempt == attempts - 1 or not is_retryable(error):
                raise
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads the retries, no secret
    raise AssertionError("unreachable")


def is_retryable(error: Exception) -> bool:
    """Whether the same transaction may succeed now. SQLite is not retried: it waited already."""
    if isinstance(error, ConflictError):
        return True
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    arguments = getattr(cause, "args", ())
    return state in CONFLICT_STATES or bool(arguments and arguments[0] in CONFLICT_CODES)


def _shown(url: URL) -> str:
    """The address as it may be printed: without its password, wherever it stands."""
    return url.set(query={}).render_as_string(hide_password=True)

"""The database: opened once, read and written in short transactions, on SQLite or on a server."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event, exc, make_url
from sqlalchemy.dialects import mysql, postgresql, sqlite

from devtelemetry_cli.errors import ConfigurationError, UnavailableError
from devtelemetry_cli.receiver.tables import metadata

BUSY_SECONDS = 3.0  # shorter than a sender waits for its answer
ATTEMPTS = 5
CONFLICT_STATES = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock
CONFLICT_CODES = frozenset({1205, 1213})  # MariaDB: lock wait timeout, deadlock

T = TypeVar("T")


class DatabaseBusyError(Exception):
    """Another writer held the database for longer than a sender can wait."""


class Database:
    """An open database whose tables exist. Safe to share between threads; `close` ends it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._one_writer = engine.dialect.name == "sqlite"
        self._turn = threading.Lock()

    def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` in a transaction that only reads."""
        with self._engine.connect() as db:
            return work(db)

    def write(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` in a transaction of its own, done whole or not at all.

        `work` runs again when the transaction lost against another. Raises SQLAlchemy's errors and
        DatabaseBusyError.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self._my_turn(), self._writer.begin() as db:
                    return work(db)
            except exc.DBAPIError as error:
                if attempt == ATTEMPTS - 1 or not _lost_against_another(error):
                    raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads the retries, no secret
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close every connection; SQLite then folds its log into the file."""
        self._engine.dispose()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        """SQLite has one writer at a time and polls for its lock: our own threads queue here instead."""
        if self._one_writer and not self._turn.acquire(timeout=BUSY_SECONDS):
            raise DatabaseBusyError
        try:
            yield
        finally:
            if self._one_writer:
                self._turn.release()


def open_database(url: str) -> Database:
    """Open the database at `url` and make the tables that are missing.

    Raises ConfigurationError or UnavailableError with a sentence for the operator, never with a password.
    """
    parsed = _parse(url)
    try:
        engine = _sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _server_engine(parsed)
        database = Database(engine)
        database.write(metadata.create_all)
    except (ModuleNotFoundError, exc.NoSuchModuleError):
        raise ConfigurationError(f"No driver is installed for the database {parsed!r}.") from None
    except (exc.OperationalError, DatabaseBusyError) as error:
        reason = getattr(error, "orig", "it is busy")
        raise UnavailableError(f"The database {parsed!r} cannot be used: {reason}.") from None
    except exc.DatabaseError as error:
        raise ConfigurationError(f"The database {parsed!r} cannot be used: {error.orig}.") from None
    return database


def upsert(db: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Write `row` by one statement: a new row, or all of an old one's columns but its `created_at`."""
    db.execute(_upsert(db.dialect.name, table), row)


@lru_cache(maxsize=32)
def _upsert(dialect: str, table: Table) -> Insert:
    changed = [c.name for c in table.columns if not c.primary_key and c.name != "created_at"]
    if dialect in ("mysql", "mariadb"):
        theirs = mysql.insert(table)
        return theirs.on_duplicate_key_update({name: theirs.inserted[name] for name in changed})
    ours = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return ours.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: ours.excluded[name] for name in changed},
    )


def _lost_against_another(error: exc.DBAPIError) -> bool:
    """Whether the same transaction may succeed now. SQLite is not asked again: it waited already."""
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    arguments = getattr(cause, "args", ())
    return state in CONFLICT_STATES or bool(arguments and arguments[0] in CONFLICT_CODES)


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except exc.ArgumentError:
        raise ConfigurationError(
            "--database is not an address of a database.",
            "Give one such as sqlite:////srv/devtel/reports.db.",
        ) from None


def _server_engine(url: URL) -> Engine:
    # Serializable: what a report or an erasure decides must still be true when it commits.
    return create_engine(url, isolation_level="SERIALIZABLE", pool_pre_ping=True, hide_parameters=True)


def _sqlite_engine(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("A database in memory would lose its reports.", "Give a file: sqlite:///FILE.")
    _make_private_file(Path(url.database))
    # As many connections as there are threads for requests: none ever waits for one.
    engine = create_engine(
        url,
        connect_args={} if "timeout" in url.query else {"timeout": BUSY_SECONDS},
        pool_size=10,
        max_overflow=30,
        hide_parameters=True,  # an error's text must not tell whose report it was
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _make_private_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigurationError(f"The database {path} cannot be used: {error.strerror}.") from None


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin its transactions too late: see _on_begin
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: a 200 says that the report is kept, also when the power fails. Costs one fsync per report.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _on_begin(db: Connection) -> None:
    # A writer takes the lock before it reads what it decides on; taken later it could only fail.
    db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writes") else "BEGIN")

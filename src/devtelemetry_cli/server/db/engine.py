"""Engines for each kind of database: drivers, timeouts, and the settings of every connection."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from devtelemetry_cli.errors import ConfigurationError

BUSY_SECONDS = 3.0  # shorter than a client waits for its answer
MIGRATION_SECONDS = 20.0  # how long a start waits while another process migrates an SQLite file
CONNECT_SECONDS = 3
ANSWER_SECONDS = 10
DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
# As strict as other databases: a value that does not fit is an error, never truncated.
_STRICT = "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout=5"


def parse(url: str) -> URL:
    """The URL, with the default driver where it names none. Raises ConfigurationError."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise ConfigurationError(
            "--database is not an address of a database.",
            "Give one such as sqlite:////srv/devtel/reports.db.",
        ) from None
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))


def make_engine(url: URL, patient: bool = False) -> Engine:
    """An engine for `url`; `patient`, for migrations, waits for another process and limits no statement."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, MIGRATION_SECONDS if patient else BUSY_SECONDS)
    arguments = _postgresql(patient) if url.get_backend_name() == "postgresql" else _mysql(patient)
    return create_engine(
        url,
        connect_args={name: value for name, value in arguments.items() if name not in url.query},
        isolation_level="READ COMMITTED",  # rows that decide are locked: reports.py
        pool_pre_ping=True,  # no request fails after a restart; the writer: database.PersistentConnection
        pool_size=5,
        max_overflow=5,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,  # no report's values in the texts of errors
    )


def _postgresql(patient: bool) -> dict[str, Any]:
    limits = "" if patient else f"-c statement_timeout={ANSWER_SECONDS}s -c lock_timeout=5s"
    return {"connect_timeout": CONNECT_SECONDS, "options": limits, "tcp_user_timeout": ANSWER_SECONDS * 1000}


def _mysql(patient: bool) -> dict[str, Any]:
    limits = {} if patient else {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS}
    return {"connect_timeout": CONNECT_SECONDS, "init_command": _STRICT, **limits}


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("A database in memory would lose its reports.", "Give a file: sqlite:///FILE.")
    _make_private_file(Path(url.database))
    # As many connections as threads for requests: no thread waits for one.
    engine = create_engine(
        url,
        connect_args={} if "timeout" in url.query else {"timeout": busy_seconds},
        pool_size=10,
        max_overflow=30,
        hide_parameters=True,
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
    # FULL: a report answered 200 survives a power failure. Costs one fsync per commit.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # erased values are overwritten, not only unlinked


def _on_begin(db: Connection) -> None:
    # A writer takes the lock before it reads the rows it decides by; upgrading a read lock later would fail.
    db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writes") else "BEGIN")

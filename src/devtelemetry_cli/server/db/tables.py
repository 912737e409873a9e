"""The tables: the plugin's two under their own names, so that SQL for the plugin runs unchanged, and devtel's own.

Times are UTC without a zone, as MySQL's DATETIME has none. Integers are 64 bits wide, as the wire's are.
migrations/ creates them, and a test compares the result with this module: a change needs a migration.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
)
from sqlalchemy.dialects import mysql

metadata = MetaData()

# SQLite increments only INTEGER keys; there INTEGER is as wide as BIGINT.
_ROW_ID = BigInteger().with_variant(Integer, "sqlite")
# By default MySQL drops fractions of seconds.
_TIME = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
# Sums of many rows may be longer than MySQL's TEXT, 64 KiB.
_SUMS = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")

connections = Table(
    "_tool_developer_telemetry_connections",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("endpoint", String(255), nullable=False),
    Column("secret_token", Text, nullable=False, comment="a salted hash; empty: no token is asked for"),
    Column("proxy", String(255), nullable=False),
    Column("rate_limit_per_hour", Integer, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    sqlite_autoincrement=True,  # a deleted id is never used again for another connection
)


def _day_key() -> list[Column[Any]]:
    return [
        Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
        Column("developer_id", String(255), primary_key=True),
        Column("date", Date, primary_key=True),
    ]


daily_metrics = Table(
    "_tool_developer_metrics",
    metadata,
    *_day_key(),
    Column("email", String(255), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("hostname", String(255), nullable=False),
    Column("active_hours", BigInteger, nullable=False),
    Column("tools_used", Text, nullable=False),
    Column("project_context", Text, nullable=False),
    Column("command_counts", Text, nullable=False),
    Column("os_info", String(255), nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    Index("ix_devtel_metrics_date", "date", "connection_id", "developer_id"),
)

reports = Table(
    "devtel_reports",
    metadata,
    *_day_key(),
    Column("anonymous_id", String(255), nullable=False, index=True),
    Column("revision", BigInteger, nullable=True, comment="NULL: the sender has none"),
    Column("schema", BigInteger, nullable=False),
    Column("os", String(255), nullable=False),
    Column("architecture", String(255), nullable=False),
    Column("cores", BigInteger, nullable=False),
    Column("memory_gib", BigInteger, nullable=False),
    Column("make", String(255), nullable=False),
    Column("devtel", String(255), nullable=False),
    Column("received_at", _TIME, nullable=False),
    ForeignKeyConstraint(
        ["connection_id", "developer_id", "date"],
        [daily_metrics.c.connection_id, daily_metrics.c.developer_id, daily_metrics.c.date],
        ondelete="CASCADE",
    ),
)

target_metrics = Table(
    "devtel_target_metrics",
    metadata,
    *_day_key(),
    Column("project", String(255), primary_key=True),
    Column("target", String(255), primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in ("runs", "failures", "interrupted", "lost")),
    *(Column(name, Double, nullable=False) for name in ("waited_seconds", "duration_total", "duration_max")),
    *(Column(name, Text, nullable=False) for name in ("durations", "exit_codes", "checkouts")),
    ForeignKeyConstraint(
        ["connection_id", "developer_id", "date"],
        [reports.c.connection_id, reports.c.developer_id, reports.c.date],
        ondelete="CASCADE",
    ),
    Index("ix_devtel_targets_date", "date", "connection_id", "developer_id"),
)

# Published cells. A cell names no developer and covers at least k (team/publishing.py), so it stays when a developer's
# rows are erased. An empty name stands for the rest: everything that may not be shown separately.
team_cells = Table(
    "devtel_team_cells",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("week", Date, primary_key=True, comment="its Monday"),
    Column("project", String(255), primary_key=True),
    Column("target", String(255), primary_key=True),
    Column("developers", BigInteger, nullable=False),
    Column("measures", _SUMS, nullable=False),
    Column("exit_codes", _SUMS, nullable=False),
    Column("checkouts", _SUMS, nullable=False),
)

team_weeks = Table(
    "devtel_team_weeks",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("week", Date, primary_key=True, comment="its Monday"),
    Column("k", BigInteger, nullable=False, comment="the fewest developers that its cells are made of"),
    Column("state", String(16), nullable=False, comment="open, settled or closed"),
    Column("turn", BigInteger, nullable=False, comment="how often its cells changed: of two who would, one may"),
    Column("developers", _SUMS, nullable=False, comment="project -> developers; under the empty name, of all"),
    Column("profile", _SUMS, nullable=True, comment="team/profile.py; NULL: nothing of at least k developers yet"),
)

# The part of each row that is in a cell already, so that a later revision adds only its difference.
team_shown = Table(
    "devtel_team_shown",
    metadata,
    *_day_key(),
    Column("project", String(255), primary_key=True),
    Column("target", String(255), primary_key=True),
    Column("person", String(255), nullable=False),
    Column("folded", Integer, nullable=False, comment="0: into its own cell, 1: its project's rest, 2: everybody's"),
    Column("received_at", _TIME, nullable=False),
    Column("measures", _SUMS, nullable=False),
    ForeignKeyConstraint(
        ["connection_id", "developer_id", "date"],
        [reports.c.connection_id, reports.c.developer_id, reports.c.date],
        ondelete="CASCADE",
    ),
    Index("ix_devtel_shown_date", "date", "connection_id", "developer_id"),
)

forgotten = Table(
    "devtel_forgotten",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id_hash", String(64), primary_key=True),
    Column("forgotten_at", _TIME, nullable=False),
)

# A browser's session, until it ends or its browser logs out.
sessions = Table(
    "devtel_sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("tokens_hash", String(64), nullable=False, comment="of the tokens of the server"),
    Column("ends_at", _TIME, nullable=False, index=True),
)

# What the administrator noted: "2026-11-03 cache moved to S3". An empty project is all projects.
events = Table(
    "devtel_events",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("date", Date, nullable=False, index=True),
    Column("project", String(255), nullable=False),
    Column("text", String(200), nullable=False),
    Column("created_at", _TIME, nullable=False),
    sqlite_autoincrement=True,
)

# Random keys of this database: the hashes of forgotten IDs match those of no other database.
secrets = Table(
    "devtel_secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(255), nullable=False),
)

DAY_KEY = ("connection_id", "developer_id", "date")


def now() -> datetime:
    """The time as these tables store it."""
    return datetime.now(UTC).replace(tzinfo=None)


def same_day(one: Table, other: Table) -> ColumnElement[bool]:
    """The join condition: both rows are of the same developer and day."""
    return and_(*(one.c[name] == other.c[name] for name in DAY_KEY))

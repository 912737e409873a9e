"""The plugin's two tables, and devtel's own."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

_Type = sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]
_LONG = sa.BigInteger()
_NAME = sa.String(255)
_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_DAY = ("connection_id", "developer_id", "date")


def upgrade() -> None:
    """Make the tables that are missing."""
    _table(
        "_tool_developer_telemetry_connections",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        _column("name", sa.String(100), unique=True),
        _column("endpoint", _NAME),
        _column("secret_token", sa.Text, comment="a salted hash; empty: no token is asked for"),
        _column("proxy", _NAME),
        _column("rate_limit_per_hour", sa.Integer),
        _column("created_at", _TIME),
        _column("updated_at", _TIME),
        sqlite_autoincrement=True,  # an id that was deleted must never come to mean another connection
    )
    _table(
        "_tool_developer_metrics",
        *_day_key(),
        _column("email", _NAME, index=True),
        *(_column(name, _NAME) for name in ("name", "hostname")),
        _column("active_hours", _LONG),
        *(_column(name, sa.Text) for name in ("tools_used", "project_context", "command_counts")),
        _column("os_info", _NAME),
        _column("created_at", _TIME),
        _column("updated_at", _TIME),
    )
    _table(
        "devtel_reports",
        *_day_key(),
        _column("anonymous_id", _NAME, index=True),
        sa.Column("revision", _LONG, nullable=True, comment="NULL: the sender has none"),
        _column("schema", _LONG),
        *(_column(name, _NAME) for name in ("os", "architecture")),
        *(_column(name, _LONG) for name in ("cores", "memory_gib")),
        *(_column(name, _NAME) for name in ("make", "devtel")),
        _column("received_at", _TIME),
        _goes_with("_tool_developer_metrics"),
    )
    _table(
        "devtel_target_metrics",
        *_day_key(),
        *(sa.Column(name, _NAME, primary_key=True) for name in ("project", "target")),
        *(_column(name, _LONG) for name in ("runs", "failures", "interrupted", "lost")),
        *(_column(name, sa.Double()) for name in ("waited_seconds", "duration_total", "duration_max")),
        *(_column(name, sa.Text) for name in ("durations", "exit_codes", "checkouts")),
        _goes_with("devtel_reports"),
    )
    _table(
        "devtel_forgotten",
        sa.Column("connection_id", _LONG, primary_key=True, autoincrement=False),
        sa.Column("id_hash", sa.String(64), primary_key=True),
        _column("forgotten_at", _TIME),
    )
    _table("devtel_secrets", sa.Column("name", sa.String(64), primary_key=True), _column("value", _NAME))


def _table(name: str, *parts: sa.schema.SchemaItem, sqlite_autoincrement: bool = False) -> None:
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *parts, sqlite_autoincrement=sqlite_autoincrement, **_exact())


def _exact() -> dict[str, Any]:
    """On MySQL and MariaDB: names that differ in case or in a space at their end are different names."""
    is_mariadb = getattr(op.get_bind().dialect, "is_mariadb", False)
    collation = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
    said = {"engine": "InnoDB", "charset": "utf8mb4", "collate": collation}
    return {f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in said.items()}


def _column(name: str, kind: _Type, **more: bool | str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)  # type: ignore[arg-type]


def _day_key() -> list[sa.Column[Any]]:
    return [
        sa.Column("connection_id", _LONG, primary_key=True, autoincrement=False),
        sa.Column("developer_id", _NAME, primary_key=True),
        sa.Column("date", sa.Date, primary_key=True),
    ]


def _goes_with(parent: str) -> sa.ForeignKeyConstraint:
    """The rows of a day disappear with the plugin's row."""
    return sa.ForeignKeyConstraint(_DAY, [f"{parent}.{column}" for column in _DAY], ondelete="CASCADE")

"""What the team's pages show: cells of at least k developers, and what of each row is in them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

_LONG = sa.BigInteger()
_NAME = sa.String(255)
# What is added up of many rows may be longer than MySQL's TEXT, 64 KiB.
_SUMS = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_DAY = ["connection_id", "developer_id", "date"]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "devtel_team_cells",
        *_week_key(),
        *(_key(name, _NAME) for name in ("project", "target")),
        sa.Column("developers", _LONG, nullable=False),
        *(sa.Column(name, _SUMS, nullable=False) for name in ("measures", "exit_codes", "checkouts")),
        **_exact(),
    )
    op.create_table(
        "devtel_team_weeks",
        *_week_key(),
        sa.Column("k", _LONG, nullable=False, comment="the fewest developers that its cells are made of"),
        sa.Column("state", sa.String(16), nullable=False, comment="open, settled or closed"),
        sa.Column("turn", _LONG, nullable=False, comment="how often its cells changed: of two who would, one may"),
        sa.Column("developers", _SUMS, nullable=False, comment="project -> developers; under the empty name, of all"),
        **_exact(),
    )
    op.create_table(
        "devtel_team_shown",
        *(_key("connection_id", _LONG), _key("developer_id", _NAME), _key("date", sa.Date())),
        *(_key(name, _NAME) for name in ("project", "target")),
        sa.Column("person", _NAME, nullable=False),
        sa.Column(
            "folded", sa.Integer, nullable=False, comment="0: into its own cell, 1: its project's rest, 2: everybody's"
        ),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("measures", _SUMS, nullable=False),
        sa.ForeignKeyConstraint(_DAY, [f"devtel_reports.{name}" for name in _DAY], ondelete="CASCADE"),
        **_exact(),
    )
    op.create_index("ix_devtel_shown_date", "devtel_team_shown", ["date", "connection_id", "developer_id"])


def _week_key() -> list[sa.Column[Any]]:
    return [_key("connection_id", _LONG), sa.Column("week", sa.Date, primary_key=True, comment="its Monday")]


def _key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _exact() -> dict[str, Any]:
    """As the first tables: names that differ in case or in a space at their end are different names."""
    is_mariadb = getattr(op.get_bind().dialect, "is_mariadb", False)
    said = {
        "engine": "InnoDB",
        "charset": "utf8mb4",
        "collate": "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin",
    }
    return {f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in said.items()}

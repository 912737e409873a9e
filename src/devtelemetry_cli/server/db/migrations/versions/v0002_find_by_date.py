"""Indexes by date: for reading a span of days, and for deleting the days that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Whole keys: PostgreSQL, without statistics of a new table, would look single days up by the date alone.
_COLUMNS = ["date", "connection_id", "developer_id"]
_INDEXES = {
    "ix_devtel_metrics_date": ("_tool_developer_metrics", _COLUMNS),
    "ix_devtel_targets_date": ("devtel_target_metrics", _COLUMNS),
}


def upgrade() -> None:
    """Add the indexes that are missing."""
    inspector = sa.inspect(op.get_bind())
    for name, (table, columns) in _INDEXES.items():
        if name not in {index["name"] for index in inspector.get_indexes(table)}:
            op.create_index(name, table, columns)

"""Sessions of the pages: hashes of their identifiers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "devtel_sessions",
        sa.Column("id_hash", sa.String(64), primary_key=True),
        sa.Column("tokens_hash", sa.String(64), nullable=False, comment="of the tokens of the server"),
        sa.Column("ends_at", _TIME, nullable=False, index=True),
        mysql_engine="InnoDB",
        mysql_charset="ascii",
        mariadb_engine="InnoDB",
        mariadb_charset="ascii",
    )

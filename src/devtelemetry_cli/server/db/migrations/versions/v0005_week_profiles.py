"""How many developers report in a week, with which versions, and how many wait, in steps of k."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"

_SUMS = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    """Add the column."""
    comment = "team/profile.py; NULL: nothing of at least k developers yet"
    op.add_column("devtel_team_weeks", sa.Column("profile", _SUMS, nullable=True, comment=comment))

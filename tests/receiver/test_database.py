"""How a database is opened, and what its one upsert says in each dialect."""

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite

from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.receiver.database import _upsert, open_database
from devtelemetry_cli.receiver.tables import daily_metrics


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///{folder}", "Is a directory"),
        ("sqlite:///{folder}/missing/reports.db", "No such file"),
        ("sqlite:///{folder}/text", "not a database"),
        ("sqlite://", "in memory"),
        ("reports.db", "not an address"),
        ("nonsense://u:s3cret@x/y", "No driver"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_the_reason(tmp_path, url: str, said: str) -> None:
    (tmp_path / "text").write_text("this is a text, and quite a long one at that\n" * 100)
    with pytest.raises(ConfigurationError, match=said) as raised:
        open_database(url.format(folder=tmp_path))
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("dialect", "clause"),
    [
        (sqlite.dialect(), "ON CONFLICT (connection_id, developer_id, date) DO UPDATE SET email = excluded.email"),
        (postgresql.dialect(), "ON CONFLICT (connection_id, developer_id, date) DO UPDATE SET email = excluded.email"),
        (mysql.dialect(), "ON DUPLICATE KEY UPDATE email = VALUES(email)"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_day_is_written_by_one_statement_in_every_dialect(dialect, clause: str) -> None:
    sql = " ".join(str(_upsert(dialect.name, daily_metrics).compile(dialect=dialect)).split())
    assert clause in sql
    assert "created_at = " not in sql

"""How a database is opened."""

import pytest

from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.server.db.database import open_database


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

"""Token files: one line, long enough, and private."""

from pathlib import Path

import pytest

from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.server.token_file import read_token
from tests.helpers.report_server import run, token_file

TOKEN = "a-token-that-is-long-enough"


def test_a_token_is_read_without_its_line_end(tmp_path: Path) -> None:
    assert read_token(str(token_file(tmp_path, TOKEN))) == TOKEN
    assert read_token(None) == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\n", "one line"),
        ("two lines of a file\nof a good length", "one line"),
        ("fifteen-letters", "16 characters"),
        ("\xff" * 20, "it is not encoded as UTF-8"),
        (TOKEN.encode("utf-16").decode("latin-1"), "it is encoded as UTF-16: save it as UTF-8"),
    ],
    ids=["empty", "two lines", "short", "no text", "UTF-16"],
)
def test_a_file_without_one_good_token_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    file = token_file(tmp_path, TOKEN)
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=reason):
        read_token(str(file))


def test_a_byte_order_mark_is_no_part_of_a_token(tmp_path: Path) -> None:
    file = token_file(tmp_path, TOKEN)
    file.write_bytes(TOKEN.encode("utf-8-sig") + b"\r\n")
    assert read_token(str(file)) == TOKEN


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666])
def test_a_file_that_other_users_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = token_file(tmp_path, TOKEN)
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match="other users"):
        read_token(str(file))


@pytest.mark.parametrize("flag", ["--view-token-file", "--admin-token-file"])
def test_a_server_with_a_short_token_does_not_start(tmp_path: Path, flag: str) -> None:
    ended = run(tmp_path, flag, token_file(tmp_path, "short"))
    assert (ended.returncode, ended.stdout) == (78, "")
    assert "shorter than 16 characters" in ended.stderr


def test_a_connection_does_not_get_a_short_token(tmp_path: Path) -> None:
    ended = run(tmp_path, "--add-connection", "team", "--token-file", "-", stdin="short\n")
    assert (ended.returncode, ended.stdout) == (78, "")

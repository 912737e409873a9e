"""Tokens: readable for their owner only, sent to their destination only, never shown."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from devtelemetry_cli.client import tokens
from devtelemetry_cli.errors import ConfigurationError

URL = "https://h/connections/1/report"
OTHER = "https://other/connections/1/report"


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(tmp_path / "devtel" / "config.toml")


def find(config: str, environ: dict[str, str] | None = None, decided: Sequence[str] = (URL, OTHER)) -> str:
    return tokens.find(config, environ or {}, "key", URL, decided)


def test_a_token_is_kept_for_its_owner_only_and_found_again(config: str) -> None:
    tokens.keep(config, "key", "  s3cret\n")
    assert find(config) == "s3cret"
    assert stat.S_IMODE(tokens.path(config, "key").stat().st_mode) == 0o600


def test_another_destinations_token_is_not_found(config: str) -> None:
    tokens.keep(config, "other", "s3cret")
    assert find(config) == ""


@pytest.mark.parametrize("text", ["", " \n", "s3cret two", "s3cret\nline", "s3cret\x1b", "s3cretü", "s3cret" * 700])
def test_an_invalid_token_is_refused_and_never_shown(config: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match="Not a valid token") as refused:
        tokens.keep(config, "key", text)
    assert "s3cret" not in str(refused.value)
    assert not tokens.path(config, "key").exists()


@pytest.mark.parametrize(
    ("named", "decided", "is_sent"),
    [
        (URL, (URL, OTHER), True),
        (f" {URL}/ ", (URL, OTHER), True),
        (URL, (), True),
        (OTHER, (URL, OTHER), False),
        (OTHER, (URL,), False),
        ("", (URL,), True),
        ("", (URL, ""), True),
        ("", (URL, OTHER), False),
        ("", (OTHER,), False),
        ("", (), False),
    ],
)
def test_a_token_of_the_environment_goes_only_to_the_destination_it_is_meant_for(
    config: str, named: str, decided: Sequence[str], is_sent: bool
) -> None:
    tokens.keep(config, "key", "kept")
    found = find(config, {"DEVTEL_TOKEN": "from-env", "DEVTEL_REPORT_URL": named}, decided)
    assert found == ("from-env" if is_sent else "kept")


def test_the_environment_may_name_a_file_with_the_token(config: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("in-a-file\n")
    environ = {"DEVTEL_TOKEN_FILE": str(tmp_path / "token")}
    assert find(config, environ, [URL]) == "in-a-file"
    assert find(config, environ | {"DEVTEL_TOKEN": "itself"}, [URL]) == "itself"


def test_a_token_file_that_cannot_be_read_is_reported(config: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for file in (tmp_path / "none", tmp_path / "fifo", tmp_path):
        with pytest.raises(ConfigurationError, match="DEVTEL_TOKEN_FILE"):
            find(config, {"DEVTEL_TOKEN_FILE": str(file)}, [URL])


def test_a_kept_token_that_cannot_be_read_is_reported(config: str) -> None:
    tokens.path(config, "key").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="devtel token set"):
        find(config)


def test_a_damaged_token_is_not_sent(config: str) -> None:
    tokens.keep(config, "key", "s3cret")
    tokens.path(config, "key").write_bytes(b"s3cret\xff\r\nX-Other: 1")
    with pytest.raises(ConfigurationError, match="Not a valid token"):
        find(config)


def test_a_token_file_may_begin_with_a_byte_order_mark(config: str, tmp_path: Path) -> None:
    for file in (tmp_path / "token", tokens.path(config, "key")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\xef\xbb\xbfs3cret\r\n")
    assert find(config) == "s3cret"
    assert find(config, {"DEVTEL_TOKEN_FILE": str(tmp_path / "token")}, [URL]) == "s3cret"


def test_a_token_file_in_another_encoding_is_named_with_it(config: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes("s3cret".encode("utf-16"))
    with pytest.raises(ConfigurationError, match=rf"{tmp_path}/token: it is encoded as UTF-16: save it as UTF-8\."):
        find(config, {"DEVTEL_TOKEN_FILE": str(tmp_path / "token")}, [URL])

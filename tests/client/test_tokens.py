"""Tokens: kept for their owner alone, given to their destination alone, never shown."""

import os
import stat
from pathlib import Path

import pytest

from devtelemetry_cli.client import tokens
from devtelemetry_cli.errors import ConfigurationError

URL = "https://h/connections/1/report"


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(tmp_path / "devtel" / "config.toml")


def find(config: str, environ: dict[str, str] | None = None, *, only: bool = False) -> str:
    return tokens.find(config, environ or {}, "key", URL, only)


def test_a_token_is_kept_for_its_owner_alone_and_found_again(config: str) -> None:
    tokens.keep(config, "key", "  s3cret\n")
    assert find(config) == "s3cret"
    assert stat.S_IMODE(tokens.place(config, "key").stat().st_mode) == 0o600


def test_another_destinations_token_is_not_found(config: str) -> None:
    tokens.keep(config, "other", "s3cret")
    assert find(config) == ""


@pytest.mark.parametrize("text", ["", " \n", "s3cret two", "s3cret\nline", "s3cret\x1b", "s3cretü", "s3cret" * 700])
def test_what_is_no_token_is_refused_and_never_shown(config: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match="no token") as refused:
        tokens.keep(config, "key", text)
    assert "s3cret" not in str(refused.value)
    assert not tokens.place(config, "key").exists()


@pytest.mark.parametrize(
    ("intended", "only", "goes"),
    [
        (URL, False, True),
        (f" {URL}/ ", False, True),
        (URL, True, True),
        ("https://other/connections/1/report", False, False),
        ("https://other/connections/1/report", True, False),
        ("", True, True),
        ("", False, False),
    ],
)
def test_a_token_of_the_environment_goes_only_where_it_is_meant_for(
    config: str, intended: str, only: bool, goes: bool
) -> None:
    tokens.keep(config, "key", "kept")
    found = find(config, {"DEVTEL_TOKEN": "from-env", "DEVTEL_REPORT_URL": intended}, only=only)
    assert found == ("from-env" if goes else "kept")


def test_a_token_may_stand_in_a_file_that_the_environment_names(config: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("in-a-file\n")
    environ = {"DEVTEL_TOKEN_FILE": str(tmp_path / "token")}
    assert find(config, environ, only=True) == "in-a-file"
    assert find(config, environ | {"DEVTEL_TOKEN": "itself"}, only=True) == "itself"


def test_a_file_that_cannot_be_read_is_said(config: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for file in (tmp_path / "none", tmp_path / "fifo", tmp_path):
        with pytest.raises(ConfigurationError, match="DEVTEL_TOKEN_FILE"):
            find(config, {"DEVTEL_TOKEN_FILE": str(file)}, only=True)


def test_a_kept_token_that_cannot_be_read_is_said(config: str) -> None:
    tokens.place(config, "key").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="devtel token set"):
        find(config)


def test_a_damaged_token_is_not_sent(config: str) -> None:
    tokens.keep(config, "key", "s3cret")
    tokens.place(config, "key").write_bytes(b"s3cret\xff\r\nX-Other: 1")
    with pytest.raises(ConfigurationError, match="no token"):
        find(config)

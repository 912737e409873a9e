"""Address and key: flags, environment, config; and the address in all its forms."""

from pathlib import Path

import pytest

from devtelemetry_cli.client import server_access
from devtelemetry_cli.devlake import credentials
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.credentials import Access
from devtelemetry_cli.errors import ConfigurationError
from tests.helpers.devlake_operator import Operator, connect
from tests.helpers.fake_devlake_server import KEY, FakeServer


def _environ(home: Path, config: str = "", **more: str) -> dict[str, str]:
    (home / "config.toml").write_text(config)
    return {"DEVTEL_HOME": str(home), **more}


def _file(home: Path, text: str, name: str = "key") -> str:
    (home / name).write_text(text)
    return str(home / name)


def test_a_flag_wins_over_the_environment_and_that_over_the_config(tmp_path: Path) -> None:
    config = '[devlake]\nurl = "http://config"\n'
    assert credentials.find(_environ(tmp_path, config)).url == "http://config"
    environ = _environ(tmp_path, config, DEVTEL_DEVLAKE_URL="http://environment/")
    assert credentials.find(environ).url == "http://environment"
    assert credentials.find(environ, "http://flag").url == "http://flag"


def test_a_key_comes_from_the_files_and_the_variable_in_their_order(tmp_path: Path) -> None:
    config = f'[devlake]\nurl = "http://h"\nkey_file = "{_file(tmp_path, "of-the-config", "c")}"\n'
    assert credentials.find(_environ(tmp_path, config)).key == "of-the-config"
    environ = _environ(tmp_path, config, DEVTEL_DEVLAKE_KEY="of-the-variable")
    assert credentials.find(environ).key == "of-the-variable"
    environ["DEVTEL_DEVLAKE_KEY_FILE"] = _file(tmp_path, "of-the-file\n", "f")
    assert credentials.find(environ).key == "of-the-file"
    assert credentials.find(environ, key_file=_file(tmp_path, "of-the-flag", "g")).key == "of-the-flag"


@pytest.mark.parametrize(
    "config",
    ["devlake = 1", "[devlake]\nurl = 1", "[devlake]\nkey_file = []", '[devlake]\nkey = "abc"', "[devlake"],
)
def test_an_unusable_config_is_named(tmp_path: Path, config: str) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.toml"):
        credentials.find(_environ(tmp_path, config), "http://h")


@pytest.mark.parametrize(
    "url",
    ["", "   ", "devlake", "ftp://h", "http://", "http://h:port", "http://[::1", "http://h/a b", "http://h?x=1"],
)
def test_invalid_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        credentials.check_url(url)


def test_a_password_in_an_address_is_refused_and_never_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        credentials.check_url("http://me:geheim@h")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "two words", "ümlaut", "x" * 5000])
def test_a_key_file_without_a_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        server_access.read_key(_file(tmp_path, text))
    assert not text or text not in str(caught.value)


def test_a_key_file_may_begin_with_a_byte_order_mark_and_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xef\xbb\xbfa-key\r\n")
    assert server_access.read_key(str(file)) == "a-key"
    file.write_bytes("a-key".encode("utf-16"))
    with pytest.raises(ConfigurationError, match=rf"the key file {file}: it is encoded as UTF-16"):
        server_access.read_key(str(file))


def test_a_key_is_not_in_the_repr() -> None:
    assert "geheim" not in repr(Access("http://h", "geheim"))


def test_a_missing_key_file_ends_with_78(operator: Operator) -> None:
    done = operator.call("discover", "--key-file", "nowhere")
    assert (done.returncode, done.stdout) == (78, "")
    assert "The key file nowhere cannot be read: No such file or directory." in done.stderr


def test_without_an_address_the_command_names_the_setting(operator: Operator) -> None:
    done = operator.call("discover", DEVTEL_DEVLAKE_URL="")
    assert done.returncode == 78
    assert "DEVTEL_DEVLAKE_URL" in done.stderr


@pytest.mark.parametrize("end", ["", "/"])
def test_devlake_is_found_directly(devlake: FakeServer, end: str) -> None:
    assert connect(devlake, devlake.url + end).root == devlake.url


@pytest.mark.parametrize("end", ["", "/rest", "/rest/"])
def test_with_a_key_requests_go_under_rest(devlake: FakeServer, end: str) -> None:
    assert connect(devlake, devlake.url + end, KEY).root == f"{devlake.url}/rest"


@pytest.mark.parametrize("end", ["", "/api", "/api/rest"])
def test_behind_config_ui_requests_go_under_api_rest(devlake: FakeServer, end: str) -> None:
    devlake.behind_config_ui = True
    assert connect(devlake, devlake.url + end, KEY).root == f"{devlake.url}/api/rest"


def test_config_uis_own_page_is_not_taken_for_devlake(devlake: FakeServer) -> None:
    devlake.behind_config_ui = True
    assert connect(devlake).root == f"{devlake.url}/api"


def test_a_wrong_key_differs_from_a_wrong_address(devlake: FakeServer) -> None:
    with pytest.raises(ApiError, match="api key is invalid") as caught:
        connect(devlake, key="another")
    assert caught.value.exit_code == 77


def test_an_address_of_another_server_ends_with_78(devlake: FakeServer) -> None:
    devlake.has_version = False
    with pytest.raises(ApiError) as caught:
        connect(devlake)
    assert caught.value.exit_code == 78


def test_an_address_without_a_server_ends_with_69(devlake: FakeServer) -> None:
    with pytest.raises(ApiError) as caught:
        connect(devlake, "http://127.0.0.1:9")
    assert caught.value.exit_code == 69

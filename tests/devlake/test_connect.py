"""`devtel devlake connect`: the place for our own reports, its key and its address."""

import json
import re
import tomllib
from pathlib import Path

import httpx
import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.client import destination, tokens
from devtelemetry_cli.commands.init import project_file
from devtelemetry_cli.commands.makefile import templates
from devtelemetry_cli.devlake import connect
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.errors import ConfigurationError
from tests.helpers.devlake_operator import Operator, client
from tests.helpers.fake_devlake_server import KEY, FakeServer

PATH = "/plugins/developer_telemetry/connections/1/report"


def _token(operator: Operator, url: str) -> str:
    config = str(operator.home / "devtel" / "config.toml")
    return tokens.find(config, {}, destination.parse(url).key, url, [url])


def test_an_empty_devlake_gets_a_connection_and_a_key_for_it(operator: Operator, devlake: FakeServer) -> None:
    done = operator.call("connect", "--no-write")
    url = f"{devlake.url}/rest{PATH}"
    assert (done.returncode, done.stdout) == (0, f"{url}\n")
    (key,) = devlake.lake.keys
    assert _token(operator, url) == key
    assert key not in done.stdout + done.stderr


def test_the_key_may_report_there_and_nothing_else(operator: Operator, devlake: FakeServer) -> None:
    url = operator.call("connect").stdout.strip()
    headers = {"Authorization": f"Bearer {_token(operator, url)}"}
    statuses = [
        httpx.request(method, address, headers=headers).status_code
        for method, address in (
            ("POST", url),
            ("POST", url.replace("/report", "/forget")),
            ("GET", f"{devlake.url}/rest/plugins"),
            ("POST", url.replace("/1/", "/12/")),
            ("GET", f"{url}/more"),
        )
    ]
    assert statuses == [400, 404, 403, 403, 403]  # an empty report; the plugin has no forget


def test_connecting_again_writes_nothing(operator: Operator, devlake: FakeServer) -> None:
    first = operator.call("connect")
    before = devlake.writes()
    again = operator.call("connect")
    writes = [request for request in devlake.writes()[len(before) :] if not request.endswith("/report")]
    assert (again.stdout, writes, devlake.lake.reports) == (first.stdout, [], [])
    assert "already stored here" in again.stderr


def test_a_connection_is_found_by_its_name(operator: Operator, devlake: FakeServer) -> None:
    devlake.lake.connect("developer_telemetry", "other")
    devlake.lake.connect("developer_telemetry", "builds")
    assert operator.json("connect", "--name", "builds", "--no-key") == {
        "connection": 2,
        "reportUrl": f"{devlake.url}/plugins/developer_telemetry/connections/2/report",
    }
    assert devlake.writes() == []


def test_behind_config_ui_the_address_goes_through_it(operator: Operator, devlake: FakeServer) -> None:
    devlake.behind_config_ui = devlake.wants_key = True
    (operator.work / "key").write_text(KEY)
    assert operator.call("connect", "--key-file", "key").stdout == f"{devlake.url}/api/rest{PATH}\n"
    (made,) = devlake.lake.connections["developer_telemetry"].values()
    assert made["endpoint"] == f"{devlake.url}/api"


def test_the_connection_is_never_tested(operator: Operator, devlake: FakeServer) -> None:
    operator.call("connect")
    assert not [request for request in devlake.requests if "/test" in request]


def test_a_connection_created_concurrently_is_used(devlake: FakeServer) -> None:
    listing = "GET /plugins/developer_telemetry"
    devlake.meanwhile(listing, lambda: devlake.lake.connect("developer_telemetry", "devtel"))
    with client(devlake) as writer:
        place, is_new = connect.find_or_create(writer, "devtel")
    assert (place.id, is_new) == (1, False)


def test_a_connection_created_without_an_answer_is_used(devlake: FakeServer) -> None:
    devlake.fail("POST /plugins/developer_telemetry", 500, {"message": "duplicated name"}, is_done=True)
    with client(devlake) as writer:
        place, is_new = connect.find_or_create(writer, "devtel")
    assert (place.id, is_new) == (1, False)


def test_a_devlake_without_the_plugin_is_recognised(operator: Operator, devlake: FakeServer) -> None:
    del devlake.lake.connections["developer_telemetry"]
    done = operator.call("connect")
    assert done.returncode == 78
    assert "has no plugin developer_telemetry" in done.stderr


def test_a_key_that_was_deleted_in_devlake_is_replaced(operator: Operator, devlake: FakeServer) -> None:
    url = operator.call("connect").stdout.strip()
    devlake.lake.keys.clear()
    again = operator.call("connect")
    assert (again.returncode, [_token(operator, url)]) == (0, list(devlake.lake.keys))
    assert "refuses the key that is stored here" in again.stderr
    assert devlake.lake.reports == []


@pytest.mark.parametrize("status", [428, 500, 503])
def test_a_key_is_not_replaced_while_devlake_cannot_check_it(
    operator: Operator, devlake: FakeServer, status: int
) -> None:
    url = operator.call("connect").stdout.strip()
    key = _token(operator, url)
    devlake.fail("POST .*/report", status)
    assert operator.call("connect").returncode == 0
    assert (_token(operator, url), len(devlake.lake.keys)) == (key, 1)


@pytest.mark.parametrize("name", [templates.FRAGMENT, templates.EVERY_TARGET])
def test_the_makefiles_of_devtel_are_written_again_for_the_new_address(operator: Operator, name: str) -> None:
    (operator.work / ".git").mkdir()
    file = operator.work / name
    file.write_text(templates.render(name, destination.parse("http://old/connections/9/report")))
    done = operator.call("connect", "--write")
    assert file.read_text() == templates.render(name, destination.parse(done.stdout.strip()))
    assert f"{name} was written again" in done.stderr
    assert "was written again" not in operator.call("connect", "--write").stderr


def test_makefiles_are_written_again_beside_the_project_file_that_names_the_address_already(operator: Operator) -> None:
    (operator.folder / ".git").mkdir()
    (operator.folder / ".devtel.toml").touch()
    operator.call("connect", "--write")
    file = operator.folder / templates.FRAGMENT
    file.write_text(templates.render(file.name, destination.parse("http://old/connections/9/report")))
    done = operator.call("connect", "--write")
    assert file.read_text() == templates.render(file.name, destination.parse(done.stdout.strip()))
    assert "report_url was written" not in done.stderr
    assert "was written again" not in operator.call("connect", "--write").stderr


def test_a_makefile_of_the_repository_is_never_written(operator: Operator) -> None:
    (operator.work / "GNUmakefile").write_text("all:\n")
    assert "was written again" not in operator.call("connect", "--write").stderr
    assert (operator.work / "GNUmakefile").read_text() == "all:\n"


def test_a_key_that_exists_is_not_made_again_under_its_name(operator: Operator, devlake: FakeServer) -> None:
    devlake.lake.post_key({"name": "devtel reports", "allowedPath": "x"})
    done = operator.call("connect")
    assert (done.returncode, len(devlake.lake.keys)) == (1, 1)
    assert "shows a key only once" in done.stderr
    assert operator.call("connect", "--key-name", "second").returncode == 0


def test_a_key_to_hand_out_stands_in_a_file_for_its_owner_alone(operator: Operator, devlake: FakeServer) -> None:
    operator.call("connect", "--key-to", "for-all")
    file = operator.work / "for-all"
    assert file.read_text().strip() in devlake.lake.keys
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_kept_here_can_be_handed_out_later(operator: Operator, devlake: FakeServer) -> None:
    operator.call("connect")
    assert operator.call("connect", "--key-to", "for-all").returncode == 0
    assert [(operator.work / "for-all").read_text().strip()] == list(devlake.lake.keys)


@pytest.mark.parametrize("file", ["no/such/folder", "."])
def test_no_key_is_made_where_it_could_not_be_written_down(operator: Operator, devlake: FakeServer, file: str) -> None:
    done = operator.call("connect", "--key-to", file)
    assert (done.returncode, devlake.requests) == (78, [])


def test_no_key_is_written_through_a_committed_link(operator: Operator, devlake: FakeServer) -> None:
    (operator.work / "mine").write_text("mine\n")
    (operator.work / "for-all").symlink_to("mine")
    done = operator.call("connect", "--key-to", "for-all")
    assert (done.returncode, devlake.requests, (operator.work / "mine").read_text()) == (1, [], "mine\n")


def test_a_key_that_cannot_be_handed_out_is_kept_all_the_same(operator: Operator, devlake: FakeServer) -> None:
    done = operator.call("connect", "--key-to", "f" * 250)  # its draft's name is too long
    assert done.returncode == 1
    (key,) = devlake.lake.keys
    assert _token(operator, f"{devlake.url}/rest{PATH}") == key


@pytest.mark.parametrize("name", ["", "  ", "n" * 101])
def test_a_connection_has_a_name_that_devlake_takes(operator: Operator, devlake: FakeServer, name: str) -> None:
    assert (operator.call("connect", "--name", name).returncode, devlake.requests) == (2, [])


def test_a_key_is_made_once_even_when_the_answer_is_lost(devlake: FakeServer) -> None:
    devlake.fail("POST /api-keys", 502, times=9, is_done=True)
    with client(devlake) as writer, pytest.raises(ApiError):
        connect.make_key(writer, "k", 1)
    assert (devlake.count("POST /api-keys"), len(devlake.lake.keys)) == (1, 1)


def test_the_address_comes_into_the_project_file_and_the_key_does_not(operator: Operator, devlake: FakeServer) -> None:
    (operator.work / ".git").mkdir()
    file = operator.work / ".devtel.toml"
    file.write_text('# ours\norganisation = "Acme"\nreport_url = "http://old/connections/9/report" # was\n')
    url = operator.call("connect", "--write").stdout.strip()
    assert file.read_text() == f'# ours\norganisation = "Acme"\nreport_url = "{url}"\n'
    assert not any(key in file.read_text() for key in devlake.lake.keys)


def test_a_byte_order_mark_of_a_project_file_hides_no_address(operator: Operator) -> None:
    (operator.work / ".git").mkdir()
    file = operator.work / ".devtel.toml"
    file.write_bytes(b'\xef\xbb\xbfreport_url = "http://old/connections/9/report"\r\n')
    url = operator.call("connect", "--write").stdout.strip()
    assert file.read_bytes() == f'report_url = "{url}"\r\n'.encode()


def test_a_project_without_a_file_gets_one(operator: Operator) -> None:
    (operator.work / ".git").mkdir()
    url = operator.call("connect", "--write").stdout.strip()
    assert (operator.work / ".devtel.toml").read_text() == f'report_url = "{url}"\n'


@pytest.mark.parametrize("content", [b"\xff", b"x = ", 'x = "y"'.encode("utf-16")])
def test_a_project_file_that_cannot_be_read_is_left_alone_and_the_key_is_kept(
    operator: Operator, devlake: FakeServer, content: bytes
) -> None:
    (operator.work / ".devtel.toml").write_bytes(content)
    done = operator.call("connect", "--write")
    assert (done.returncode, (operator.work / ".devtel.toml").read_bytes()) == (78, content)
    assert _token(operator, done.stdout.strip()) in devlake.lake.keys


def test_without_a_terminal_no_question_is_asked_and_nothing_is_written(operator: Operator) -> None:
    assert operator.call("connect").returncode == 0
    assert not (operator.work / ".devtel.toml").exists()


@pytest.mark.parametrize(("answer", "is_written"), [("y", True), ("", False)])
def test_at_a_terminal_the_question_decides(operator: Operator, answer: str, is_written: bool) -> None:
    words = operator.argv("connect")
    environ = {**operator.environ, "TERM": "xterm"}
    child = pexpect.spawn(words[0], words[1:], cwd=str(operator.work), env=environ, encoding="utf-8", timeout=20)
    child.expect("Write it into .devtel.toml?")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, (operator.work / ".devtel.toml").exists()) == (0, is_written)


URL = "https://h/connections/1/report"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'report_url = "{URL}"\n'),
        ('purpose = "x"', f'purpose = "x"\nreport_url = "{URL}"\n'),
        ("# top\n\n[extra]\na = 1\n", f'# top\n\nreport_url = "{URL}"\n[extra]\na = 1\n'),
        ("report_url='old'\ntargets = [\n]\n", f'report_url = "{URL}"\ntargets = [\n]\n'),
        ("report_url='old'\r\nx = 1\r\n", f'report_url = "{URL}"\r\nx = 1\r\n'),
    ],
)
def test_a_project_file_keeps_all_else_as_it_was(before: str, after: str) -> None:
    assert project_file.with_report_url(before, URL) == after
    assert project_file.with_report_url(after, URL) == after


@pytest.mark.parametrize(
    "document", ["x = ", '"report_url" = "a"\n', 'p = """\nreport_url = 1\n"""\n', "report_url.a = 1"]
)
def test_a_project_file_that_cannot_be_changed_safely_is_left_alone(document: str) -> None:
    with pytest.raises(ConfigurationError):
        project_file.with_report_url(document, URL)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.integers() | st.booleans(), max_size=5))
def test_all_other_settings_of_a_project_file_are_kept(values: dict[str, object]) -> None:
    document = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    assert tomllib.loads(project_file.with_report_url(document, URL)) == {**values, "report_url": URL}


def test_the_place_for_a_key_is_that_of_devtel_token(operator: Operator, tmp_path: Path) -> None:
    url = operator.call("connect").stdout.strip()
    (file,) = (operator.home / "devtel" / "tokens").iterdir()
    assert file.name == destination.parse(url).key
    assert re.fullmatch(r"0o100600", oct(file.stat().st_mode))
    assert tmp_path in file.parents

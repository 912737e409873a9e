"""The process: its start, its log, its end."""

import json
import signal
import socket
import stat
import subprocess
import sys

import httpx
import pytest

from devtelemetry_cli.cli.serve import serve
from devtelemetry_cli.server.db.database import migrate
from devtelemetry_cli.server.main import add_connection
from tests.helpers.databases import Store
from tests.helpers.report_server import (
    CONNECTIONS,
    ReportServer,
    body,
    environment,
    locked,
    run,
    start_server,
    wait_for,
)

FIRST = "the-first-token-of-a-team"


def send_half_a_report(running: ReportServer, connection: str) -> tuple[socket.socket, bytes]:
    """A request that was accepted, and the half of its body that is not sent yet."""
    content = json.dumps(body()).encode()
    url = running.client.base_url
    wire = socket.create_connection((url.host, url.port), timeout=10)
    head = f"POST {connection}/report HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    wire.sendall(head.encode() + content[:10])
    return wire, content[10:]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_lets_an_accepted_request_finish_and_ends_with_0(tmp_path, number) -> None:
    with start_server(tmp_path) as running:
        connection = running.connect()
        wire, rest = send_half_a_report(running, connection)
        httpx.get(f"{running.client.base_url}/ping")  # accepted after the half report, so that this one is read
        running.process.send_signal(number)
        port = running.client.base_url.port
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)))
        wire.sendall(rest)
        assert wire.recv(100).startswith(b"HTTP/1.1 200")
        assert running.process.wait(10) == 0
        assert len(running.rows("_tool_developer_metrics", connection)) == 1


def test_a_report_that_was_answered_outlives_a_kill(tmp_path) -> None:
    with start_server(tmp_path) as running:
        connection = running.connect()
        assert running.report(connection).status_code == 200
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        assert len(running.rows("_tool_developer_metrics", connection)) == 1
    with start_server(tmp_path) as again:
        assert again.report(connection).status_code == 200


def test_the_log_has_the_address_and_one_line_per_request(tmp_path) -> None:
    with start_server(tmp_path) as running:
        connection = running.connect()
        running.report(connection, developer="jane.doe")
        running.client.get("/jane.doe?key=s3cret")
        running.client.get(f"{CONNECTIONS}/jane")
        running.stop()
        lines = running.log.read_text().splitlines()
    assert lines[0] == f"devtel serve: listening on {running.client.base_url}".rstrip("/")
    assert [line.rsplit(" ", 2)[0] for line in lines[1:]] == [
        f"devtel serve: POST {CONNECTIONS} 201",
        f"devtel serve: POST {connection}/report 200",
        "devtel serve: GET (unknown path) 404",
        "devtel serve: GET (no connection id) 400",
    ]


@pytest.mark.slow
def test_quiet_leaves_only_the_line_that_it_listens(tmp_path) -> None:
    with start_server(tmp_path, "--quiet") as running:
        running.report(running.connect())
        running.stop()
        assert len(running.log.read_text().splitlines()) == 1


def test_another_address_than_the_loopback_is_warned_about(tmp_path) -> None:
    with start_server(tmp_path, "--host", "0.0.0.0") as running:
        assert "TLS" in running.log.read_text().splitlines()[0]


def test_the_default_database_is_private(tmp_path) -> None:
    with start_server(tmp_path) as running:
        running.connect()
        folder = running.database.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_port_in_use_is_one_sentence_and_78(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(tmp_path, "--port", taken.getsockname()[1])
    assert ended.returncode == 78
    assert "already in use" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_database_that_cannot_be_used_is_one_sentence_and_78(tmp_path) -> None:
    ended = run(tmp_path, "--port", 0, "--database", f"sqlite:///{tmp_path}")
    assert ended.returncode == 78
    assert ended.stderr == f"devtel: The database {tmp_path} cannot be used: Is a directory.\n"


def test_a_missing_extra_is_one_sentence_and_78(tmp_path) -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['devtel', 'serve']\n"
        "from devtelemetry_cli.__main__ import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 78
    assert "uvicorn, which is not installed" in ended.stderr
    assert "'.[server]'" in ended.stderr


@pytest.mark.parametrize("value", ["tcp://10.96.0.12:8080", "tcp://[fd00::1]:80"])
def test_the_port_that_kubernetes_sets_for_a_service_of_that_name_is_ignored(monkeypatch, value: str) -> None:
    monkeypatch.setenv("DEVTEL_SERVE_PORT", value)
    assert serve.make_context("serve", []).params["port"] == 8080
    assert serve.make_context("serve", ["--port", "9000"]).params["port"] == 9000


def test_a_locked_database_at_the_start_is_one_sentence_and_69(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/reports.db"
    migrate(url)
    with locked(tmp_path / "reports.db"):
        for arguments in (("--port", 0), ("--add-connection", "team")):
            ended = run(tmp_path, "--database", f"{url}?timeout=0.2", *arguments)
            assert (ended.returncode, ended.stdout) == (69, "")
            assert ended.stderr.splitlines()[-1].startswith("devtel: The database sqlite:///")
            assert "Traceback" not in ended.stderr


def test_a_public_url_makes_the_whole_report_url(tmp_path) -> None:
    base = "https://devtel.example.com"
    ended = run(tmp_path, "--public-url", f"{base}/", "--add-connection", "team")
    url = f"{base}{CONNECTIONS}/1/report"
    assert ended.stdout == f"{url}\n"
    assert f"devtel init --report-url {url}" in ended.stderr
    with start_server(tmp_path, "--public-url", base) as server:
        assert f"devtel init --report-url {url}" in server.client.get("/").text
    assert run(tmp_path, "--public-url", "devtel.example.com").returncode == 2


@pytest.mark.parametrize("k", [1, 2])
def test_groups_of_fewer_than_three_developers_are_refused(tmp_path, k: int) -> None:
    ended = run(tmp_path, "--port", 0, "--min-developers", k)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (78, 1)
    assert "below 3" in ended.stderr


@pytest.mark.slow
def test_a_connection_is_added_from_the_shell_and_found_again(tmp_path) -> None:
    added = [run(tmp_path, "--add-connection", "team") for _ in range(2)]
    assert [(ended.returncode, ended.stdout) for ended in added] == [(0, f"{CONNECTIONS}/1/report\n")] * 2
    assert all("from this machine only" in ended.stderr for ended in added)


def test_a_token_added_from_the_shell_is_asked_for_while_it_serves(tmp_path) -> None:
    with start_server(tmp_path) as running:
        run(tmp_path, "--add-connection", "team", "--token-file", "-", stdin=f"{FIRST}\n")
        assert running.report(f"{CONNECTIONS}/1", FIRST).status_code == 200
        add_connection(f"sqlite:///{running.database}", "team", token="second")
        statuses = [running.report(f"{CONNECTIONS}/1", token).status_code for token in ("", FIRST, "second")]
        assert statuses == [401, 403, 200]


@pytest.mark.slow
def test_a_database_of_the_plugin_is_taken_over(tmp_path) -> None:
    file = tmp_path / "reports.db"
    add_connection(f"sqlite:///{file}", "team", token="")
    columns = "connection_id, developer_id, date, email, name, hostname, active_hours, tools_used, project_context"
    Store(f"sqlite:///{file}").change(
        f"INSERT INTO _tool_developer_metrics ({columns}, command_counts, os_info, created_at, updated_at) "  # noqa: S608
        "VALUES (1, 'old.h', '2026-01-02', '', '', '', 1, 'null', 'null', 'null', '', '2026-01-02', '2026-01-02')",
    )
    with start_server(tmp_path, "--database", f"sqlite:///{file}") as running:
        connection = f"{CONNECTIONS}/1"
        assert running.report(connection, developer="old.h", date="2026-01-02").status_code == 200
        assert running.forget(connection, "old").json()["data"] == {"deleted": 1}

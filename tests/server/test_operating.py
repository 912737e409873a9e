"""Unavailable databases, deletion of old reports, and slow clients."""

import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from devtelemetry_cli.server.db.database import open_database
from devtelemetry_cli.server.retention import delete_old
from tests.helpers.report_server import CONNECTIONS, TODAY, ReportServer, body, revised, start_server, wait_for
from tests.helpers.wire import through_relay

TABLES = ("_tool_developer_metrics", "devtel_reports", "devtel_target_metrics")


@pytest.mark.parametrize("url", ["postgresql", pytest.param("mariadb", marks=pytest.mark.slow)], indirect=True)
def test_a_database_that_goes_away_is_503_and_is_used_again_when_it_returns(tmp_path, url: str) -> None:
    with through_relay(url) as (address, wire), start_server(tmp_path, database=address) as running:
        connection = running.connect()
        assert running.report(connection).status_code == 200
        wire.cut()
        answer = running.report(connection)
        assert (answer.status_code, answer.json()["success"]) == (503, False)
        assert int(answer.headers["Retry-After"]) > 0
        assert running.client.get("/readyz").status_code == 503
        assert running.client.get("/healthz").status_code == 200
        wire.mend()
        assert running.report(connection, metrics={"active_hours": 2}).status_code == 200
        assert running.client.get("/readyz").status_code == 200
        assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize("url", ["postgresql", "mariadb"], indirect=True)
def test_connections_lost_between_reports_fail_no_request(tmp_path, url: str) -> None:
    with through_relay(url) as (address, wire), start_server(tmp_path, database=address) as running:
        connection = running.connect()
        assert running.report(connection).status_code == 200
        wire.cut()
        wire.mend()
        with ThreadPoolExecutor(8) as senders:
            answers = senders.map(lambda n: running.report(connection, developer=f"d-{n}.h").status_code, range(8))
        assert set(answers) == {200}
        wire.cut()
        wire.mend()
        assert running.forget(connection, "d-7").json()["data"] == {"deleted": 1}


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql", "mariadb"], indirect=True)
def test_two_servers_on_one_database_are_one(tmp_path, url: str) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    with start_server(homes[0], database=url) as one, start_server(homes[1], database=url) as two:
        connection = one.connect("s3cret")
        target = {"target": "t", "runs": 1}
        threads, answers = [], []

        def send(server: ReportServer, number: int) -> None:
            for revision in range(10):
                metrics = revised(revision, number, (target | {"runs": revision},))
                answers.append(server.report(connection, "s3cret", developer="d.h", metrics=metrics).status_code)

        for number in range(8):
            threads.append(threading.Thread(target=send, args=((one, two)[number % 2], number)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        assert set(answers) == {200}
        [row], [stored] = (one.rows(table, connection) for table in TABLES[1:])
        assert (row["revision"], stored["runs"]) == (9, 9)
        assert two.forget(connection, "d", "s3cret").json()["data"] == {"deleted": 1}
        assert one.report(connection, "s3cret", developer="d.h").status_code == 410


def test_reports_older_than_the_set_time_are_deleted_with_their_targets(tmp_path, url: str) -> None:
    days = {name: (TODAY - timedelta(age)).isoformat() for name, age in (("old", 31), ("kept", 30), ("new", 1))}
    with start_server(tmp_path, "--retention-days", 0, database=url) as running:
        connection = running.connect()
        for name, day in days.items():
            metrics = revised(1, 1, ({"target": "t", "runs": 1},))
            assert running.report(connection, developer=name, date=day, metrics=metrics).status_code == 200
        opened = open_database(url)
        assert delete_old(opened, 30, TODAY, threading.Event()) == 1
        opened.close()
        for table in TABLES:
            assert {row["developer_id"] for row in running.rows(table, connection)} == {"kept", "new"}


@pytest.mark.parametrize("url", ["postgresql", "mariadb"], indirect=True)
def test_one_process_at_a_time_deletes_old_reports(url: str) -> None:
    one, two = open_database(url), open_database(url)
    seen = one.try_lock("retention", lambda: two.try_lock("retention", lambda: "both"))
    assert seen is None
    assert two.try_lock("retention", lambda: "again") == "again"
    one.close()
    two.close()


@pytest.mark.slow
def test_old_reports_are_deleted_at_the_start(tmp_path) -> None:
    with start_server(tmp_path, "--retention-days", 0) as running:
        connection = running.connect()
        assert running.report(connection, date="2020-01-01").status_code == 200
    with start_server(tmp_path) as running:
        wait_for(lambda: running.rows(TABLES[0], connection) == [])
        wait_for(lambda: "1 reports older than 365 days deleted" in running.log.read_text())


def test_refusals_of_erased_ids_end_after_400_days(tmp_path, url: str) -> None:
    with start_server(tmp_path, "--retention-days", 0, database=url) as running:
        connection = running.connect()
        running.forget(connection, "new")
        running.forget(connection, "old")
        first = running.rows("devtel_forgotten", connection)[0]["id_hash"]
        past = "UPDATE devtel_forgotten SET forgotten_at = '2024-01-01 00:00:00.000000' WHERE id_hash = :id"
        running.store.change(past, id=first)
    with start_server(tmp_path, "--retention-days", 0, database=url) as running:
        wait_for(lambda: len(running.rows("devtel_forgotten", connection)) == 1)


def wire_to(running: ReportServer) -> socket.socket:
    return socket.create_connection((running.client.base_url.host, running.client.base_url.port), timeout=30)


def test_a_head_beyond_16_kib_is_400_in_the_envelope(server: ReportServer) -> None:
    with wire_to(server) as wire:
        wire.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000)
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["success"] is False


@pytest.mark.slow
def test_a_slow_body_is_408_and_a_silent_client_is_disconnected(server: ReportServer, connection: str) -> None:
    with wire_to(server) as slow, wire_to(server) as silent:
        slow.sendall(f"POST {connection}/report HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
        began = time.monotonic()
        assert slow.recv(12) == b"HTTP/1.1 408"
        assert 10 < time.monotonic() - began < 20
        assert silent.recv(10) == b""
        while slow.recv(4096):  # until the server hangs up
            pass


def test_a_log_for_machines_has_one_object_per_request(tmp_path) -> None:
    with start_server(tmp_path, "--log", "json") as running:
        connection = running.connect("hunter2")
        running.report(connection, "hunter2", developer="jane.doe")
        running.stop()
        lines = [json.loads(line) for line in running.log.read_text().splitlines()[1:]]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", CONNECTIONS, 201),
        ("POST", f"{connection}/report", 200),
    ]
    assert all(set(line) == {"time", "method", "path", "status", "ms"} for line in lines)
    assert "jane" not in running.log.read_text()


def test_the_environment_sets_what_flags_set(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("tests.helpers.report_server.environment", lambda home: os.environ | {"HOME": str(home)})
        for name, value in {"DEVTEL_HOME": tmp_path / "devtel", "DEVTEL_SERVE_LOG": "none"}.items():
            patched.setenv(name, str(value))
        with start_server(tmp_path) as running:
            running.client.post(CONNECTIONS, json=body())
            running.stop()
            assert len(running.log.read_text().splitlines()) == 1

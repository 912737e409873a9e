"""Unexpected errors, and clients that leave."""

import socket

import httpx

from tests.helpers.report_server import CONNECTIONS, start_server


def test_an_unexpected_error_is_500_in_the_envelope_and_logged_once(tmp_path) -> None:
    with start_server(tmp_path) as running:
        running.connect()
        running.store.change("UPDATE _tool_developer_telemetry_connections SET created_at = 'no time'")
        answer = running.client.get(CONNECTIONS)
        assert (answer.status_code, answer.json()["success"]) == (500, False)
        assert answer.json()["causes"] == ["internal error"]
        log = running.log.read_text()
        assert log.count("Traceback") == log.count("unexpected error") == 1
        assert running.client.get("/ping").status_code == 200


def test_a_client_that_leaves_in_the_middle_is_no_error(tmp_path) -> None:
    with start_server(tmp_path) as running:
        connection, url = running.connect(), running.client.base_url
        with socket.create_connection((url.host, url.port)) as wire:
            head = f"POST {connection}/report HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
            wire.sendall(head.encode())
        httpx.get(f"{url}/ping")  # accepted after the other, so that this one is read
        running.stop()
        assert f"POST {connection}/report 499" in running.log.read_text()
        assert "Traceback" not in running.log.read_text()

"""Connections: their limit, those that send nothing, and errors of accepting."""

import json
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.helpers.report_server import ReportServer, start_server, wait_for


def connect(server: ReportServer, source: str = "127.0.0.1") -> socket.socket:
    """A TCP connection to the server from the address `source`."""
    url = server.client.base_url
    return socket.create_connection((url.host, url.port), timeout=10, source_address=(source, 0))


@contextmanager
def idle_connections(server: ReportServer, count: int, peers: int = 1) -> Iterator[list[socket.socket]]:
    """So many connections that send nothing, from so many loopback addresses."""
    with ExitStack() as opened:
        yield [opened.enter_context(connect(server, f"127.0.0.{1 + n % peers}")) for n in range(count)]


@contextmanager
def descriptors(limit: int) -> Iterator[None]:
    """A limit on open files for processes started meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_closed(wire: socket.socket) -> bool:
    """Whether the server has closed the connection."""
    wire.settimeout(0.05)
    try:
        return wire.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_silent_connections_of_one_peer_keep_no_other_peer_out(server: ReportServer) -> None:
    with idle_connections(server, 1100) as idle:
        assert server.client.get("/healthz").status_code == 200
        wait_for(lambda: is_closed(idle[0]))
        assert not is_closed(idle[-1])  # the newest stay
    assert "Traceback" not in server.log.read_text()


def test_a_burst_of_one_peer_is_served_although_it_sends_a_little_later(server: ReportServer) -> None:
    with idle_connections(server, 150) as burst:
        for wire in burst:
            wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for wire in burst:
            wire.settimeout(20)
            assert wire.recv(12) == b"HTTP/1.1 200"


def test_a_full_server_serves_again_once_connections_end(tmp_path: Path) -> None:
    with descriptors(256), start_server(tmp_path, fork=False) as server:  # 256 - 200 reserved: 56 connections
        with idle_connections(server, 80, peers=40), connect(server, "127.0.0.99") as waiting:
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            waiting.settimeout(0.5)
            with pytest.raises(TimeoutError):
                waiting.recv(100)
            began = time.monotonic()
            cpu = _cpu_seconds(server.process.pid)
            time.sleep(1)
            assert _cpu_seconds(server.process.pid) - cpu < 0.5 * (time.monotonic() - began)  # it does not spin
        assert server.client.get("/healthz").status_code == 200
        assert len(server.log.read_text().splitlines()) <= 3


@pytest.mark.parametrize("form", ["json", *(pytest.param(form, marks=pytest.mark.slow) for form in ("plain", "none"))])
def test_errors_of_accepting_are_at_most_a_line_a_second_in_the_form_of_the_log(tmp_path: Path, form: str) -> None:
    with start_server(tmp_path, "--log", form) as server:
        before = len(server.log.read_text().splitlines())
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (8, 8))  # below what is open already
        began = time.monotonic()
        with idle_connections(server, 20):
            time.sleep(2.5)
            lines = server.log.read_text().splitlines()[before:]
        assert len(lines) <= time.monotonic() - began + 1
        assert bool(lines) is (form != "none")
        for line in lines:
            assert "Too many open files" in (json.loads(line)["message"] if form == "json" else line)


@pytest.mark.parametrize("size", [20_000, 60_000])
def test_a_head_over_16_kib_that_arrives_at_once_is_400(server: ReportServer, size: int) -> None:
    with connect(server) as wire:
        wire.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\nX: " + b"a" * size + b"\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["success"] is False


def test_a_second_head_over_16_kib_behind_a_first_request_is_400(server: ReportServer) -> None:
    with connect(server) as wire:
        first = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
        wire.sendall(first + b"GET /ping HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert [line.split()[1] for line in answer.splitlines() if line.startswith(b"HTTP/1.1")] == [b"200", b"400"]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

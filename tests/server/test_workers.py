"""Several processes over one socket and one database, and their metrics."""

import os
import re
import signal
import threading
from pathlib import Path

import httpx
import pytest

from tests.helpers.report_server import ReportServer, body, run, start_server, wait_for


def children(running: ReportServer) -> list[int]:
    """The ids of the workers."""
    listed = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def alive(pid: int) -> bool:
    """Whether the process still runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def counted(running: ReportServer, name: str) -> float:
    """A counter of /metrics."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", running.client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_workers_share_the_work_start_again_after_a_kill_and_end_together(tmp_path) -> None:
    with start_server(tmp_path, "--workers", 2) as running:
        connection, first = running.connect(), wait_for(lambda: children(running))
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        wait_for(lambda: len(children(running)) == 2 and first[0] not in children(running))
        assert running.report(connection).status_code == 200
        last = children(running)
        assert running.stop() == 0
        assert not any(alive(pid) for pid in {*first, *last})
        assert "ended with -9, another is started" in running.log.read_text()


@pytest.mark.slow
def test_workers_end_when_their_parent_was_killed(tmp_path) -> None:
    with start_server(tmp_path, "--workers", 2) as running:
        running.connect()
        workers = children(running)
        running.stop(signal.SIGKILL)
        wait_for(lambda: not any(alive(pid) for pid in workers))


@pytest.mark.slow
def test_metrics_add_up_over_all_workers(tmp_path) -> None:
    with start_server(tmp_path, "--workers", 2) as running:
        connection = running.connect()
        for number in range(20):  # each over a connection of its own, for whichever worker takes it
            running.client.headers["Connection"] = "close"
            assert running.report(connection, developer=f"d{number}").status_code == 200
        assert counted(running, "devtel_reports_stored_total") == 20


def test_metrics_have_requests_durations_and_reasons_of_refusals(server: ReportServer, connection: str) -> None:
    before = counted(server, 'devtel_reports_refused_total{reason="invalid"}')
    server.report(connection, developer="secret-person", date="tomorrow")
    assert counted(server, 'devtel_reports_refused_total{reason="invalid"}') == before + 1
    assert counted(server, 'devtel_http_requests_total{method="POST",route="report",status="400"}') >= 1
    assert counted(server, 'devtel_http_request_seconds_count{route="report"}') >= 1
    server.client.get("/secret-person")
    assert "secret-person" not in server.client.get("/metrics").text


@pytest.mark.slow
def test_workers_that_cannot_start_end_the_server_with_their_code(tmp_path) -> None:
    ended = run(tmp_path, "--workers", 2, "--port", 0, "--database", "postgresql://u@127.0.0.1:1/x")
    assert ended.returncode == 69


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_no_report_that_was_answered_200_is_lost_to_a_kill_under_load(tmp_path, url: str, workers: int) -> None:
    with start_server(tmp_path, "--workers", workers, database=url) as running:
        connection, stored, base = running.connect(), set[str](), running.client.base_url

        def send(name: str) -> None:
            with httpx.Client(base_url=base, timeout=5) as client:
                for number in range(100_000):
                    try:
                        answer = client.post(f"{connection}/report", json=body(developer=f"{name}-{number}"))
                    except httpx.HTTPError:
                        return
                    if answer.status_code == 200:
                        stored.add(f"{name}-{number}")

        senders = [threading.Thread(target=send, args=(f"s{number}",)) for number in range(8)]
        for sender in senders:
            sender.start()
        wait_for(lambda: len(stored) > 200)
        victims = [running.process.pid, *(children(running) if workers > 1 else [])]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        for sender in senders:
            sender.join(20)
        kept = {row["developer_id"] for row in running.rows("_tool_developer_metrics", connection)}
        assert stored <= kept

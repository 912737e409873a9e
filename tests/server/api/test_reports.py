"""The rows of a report, and their erasure."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from devtelemetry_cli.model.metrics import DailyMetrics, Environment
from devtelemetry_cli.report.encode import encode
from devtelemetry_cli.server.db import reports
from tests.helpers.databases import Store
from tests.helpers.report_server import TODAY, ReportServer, body, locked, revised, start_server
from tests.helpers.team_factory import Runs, Team

TARGET = {"project": "api", "target": "dev.up", "runs": 3, "failures": 1, "duration_max": 2.5}
EVERYWHERE = True
TABLES = ("_tool_developer_metrics", "devtel_reports", "devtel_target_metrics")


def test_a_report_of_the_plugins_form_fills_the_plugins_columns(server: ReportServer, connection: str) -> None:
    metrics = {"active_hours": 8, "tools_used": ["git"], "commands": {"git": 45}, "projects": ["api"]}
    server.report(connection, metrics=metrics, email="a@b.c", name="A", hostname="h")
    [row] = server.rows("_tool_developer_metrics", connection)
    created, updated = row.pop("created_at"), row.pop("updated_at")
    assert created == updated
    assert row == {
        "connection_id": int(connection.rpartition("/")[2]),
        "developer_id": "d-1",
        "date": body()["date"],
        "email": "a@b.c",
        "name": "A",
        "hostname": "h",
        "active_hours": 8,
        "tools_used": '["git"]',
        "project_context": '["api"]',
        "command_counts": '{"git":45}',
        "os_info": "",
    }


def test_a_report_of_devtel_is_stored_completely(server: ReportServer, connection: str) -> None:
    day = DailyMetrics(TODAY.isoformat(), revision=7, hours={8, 9})
    target = day.target("api", "dev.up")
    target.runs, target.failures, target.lost, target.waited_seconds = 3, 1, 1, 4.25
    target.durations, target.exit_codes = {3: 1, -2: 1}, {"0": 1, "2": 1}
    target.add_checkout(("default", "1-7"), 3, 1)
    machine = Environment("linux", "x86_64", 8, 16, "4.3", "0.1.0")
    sent = encode(day, "0b7c", "host", machine)
    assert server.client.post(f"{connection}/report", content=sent).status_code == 200
    [daily], [ours], [stored] = (server.rows(table, connection) for table in TABLES)
    assert (daily["developer_id"], daily["os_info"], daily["active_hours"]) == ("0b7c.host", "linux x86_64", 2)
    assert (ours["anonymous_id"], ours["revision"], ours["schema"], ours["cores"]) == ("0b7c", 7, 1, 8)
    assert (ours["memory_gib"], ours["make"], ours["devtel"]) == (16, "4.3", "0.1.0")
    assert (stored["target"], stored["runs"], stored["lost"], stored["waited_seconds"]) == ("dev.up", 3, 1, 4.25)
    assert (stored["durations"], stored["exit_codes"]) == ('{"-2":1,"3":1}', '{"0":1,"2":1}')
    assert stored["checkouts"] == '[{"branch":"default","age_days":"1-7","runs":3,"failures":1}]'


def test_a_second_report_replaces_the_whole_day(server: ReportServer, connection: str) -> None:
    server.report(connection, metrics=revised(1, 8, (TARGET, TARGET | {"target": "old"})), email="a@b.c")
    [first] = server.rows(TABLES[0], connection)
    server.report(connection, metrics=revised(2, 9, (TARGET | {"runs": 4},)))
    [second] = server.rows(TABLES[0], connection)
    assert (second["email"], second["active_hours"]) == ("", 9)
    assert second["created_at"] == first["created_at"] < second["updated_at"]
    assert [(t["target"], t["runs"]) for t in server.rows(TABLES[2], connection)] == [("dev.up", 4)]


@pytest.mark.parametrize(
    ("stored", "sent", "hours"), [(5, 4, 1), (5, 5, 2), (5, 6, 2), (5, None, 2), (None, 4, 2), (0, 0, 2)]
)
def test_only_a_lower_revision_leaves_the_day_as_it_is(
    server: ReportServer, connection: str, stored: int | None, sent: int | None, hours: int
) -> None:
    for revision, told in ((stored, 1), (sent, 2)):
        assert server.report(connection, metrics={"active_hours": told, "revision": revision}).status_code == 200
    [row] = server.rows(TABLES[0], connection)
    assert row["active_hours"] == hours


def test_two_first_reports_at_once_are_both_taken(server: ReportServer, connection: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: server.report(connection, metrics={"active_hours": n}), range(16))
    assert {answer.status_code for answer in answers} == {200}
    assert len(server.rows(TABLES[0], connection)) == 1


def test_racing_revisions_end_with_the_highest(server: ReportServer, connection: str) -> None:
    revisions = random.Random(1).sample(range(24), 24)  # noqa: S311 - the same order every time

    def send(n: int) -> int:
        return server.report(connection, metrics=revised(n, n, (TARGET | {"runs": n},))).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, revisions)) == {200}
    [daily], [ours], [target] = (server.rows(table, connection) for table in TABLES)
    assert (daily["active_hours"], ours["revision"], target["runs"]) == (23, 23, 23)


def test_an_erasure_removes_one_person_on_all_hosts(server: ReportServer, connection: str) -> None:
    for developer in ("a1.h1", "a1.h2", "a1", "A1.h1", "a12.h1", "b.a1"):
        server.report(connection, developer=developer, metrics=revised(1, 1, (TARGET,)))
    server.report(connection, developer="a1.h1", date=(TODAY - timedelta(days=2)).isoformat())
    other = server.connect()
    server.report(other, developer="a1.h1")
    answer = server.forget(connection, "a1")
    assert (answer.status_code, answer.json()["data"]) == (200, {"deleted": 4})
    for table in TABLES:
        assert {row["developer_id"] for row in server.rows(table, connection)} == {"A1.h1", "a12.h1", "b.a1"}
    assert len(server.rows(TABLES[0], other)) == 1


def test_a_wildcard_in_an_id_erases_only_that_id(server: ReportServer, connection: str) -> None:
    for developer in ("%.h", "abc.h", "_bc.h"):
        server.report(connection, developer=developer)
    assert server.forget(connection, "%").json()["data"] == {"deleted": 1}
    assert server.forget(connection, "_bc").json()["data"] == {"deleted": 1}


def test_a_forgotten_developer_is_refused_and_can_be_forgotten_again(server: ReportServer, connection: str) -> None:
    server.report(connection, developer="gone.h1")
    assert server.forget(connection, "gone").json()["data"] == {"deleted": 1}
    answer = server.report(connection, developer="gone.h2")
    assert (answer.status_code, answer.json()["success"]) == (410, False)
    assert server.forget(connection, "gone").json()["data"] == {"deleted": 0}


def test_nothing_of_a_forgotten_id_stays_but_a_hash(server: ReportServer, connection: str) -> None:
    person = "5f6b1f0c-aaaa-4bbb-8ccc-123456789abc"
    server.report(connection, developer=f"{person}.h1")
    server.forget(connection, person)
    assert person not in str([server.rows(table, connection) for table in (*TABLES, "devtel_forgotten")])
    for file in server.database.parent.glob("reports.db*"):  # on SQLite: the file, and the log of what was written
        assert person.encode() not in file.read_bytes(), file


def test_erasures_of_unknown_ids_leave_a_bounded_number_of_refusals(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MAX_FORGOTTEN", 3)
    team = Team.at(url)
    team.report(Runs(0))
    for developer in range(9, 1, -1):
        team.forget(developer)
    assert len(Store(url).select("SELECT * FROM devtel_forgotten")) == 3
    team.forget(0)  # a known one is always refused from then on
    assert len(Store(url).select("SELECT * FROM devtel_forgotten")) == 4
    team.database.close()


@pytest.mark.parametrize(
    "target",
    [
        {"runs": 100_001},
        {"runs": 1, "failures": 10**6},
        {"runs": 1, "waited_seconds": 1e7 + 1},
        {"runs": 1, "duration_total": 1e11},
    ],
    ids=str,
)
def test_a_day_that_no_developer_reaches_is_400(server: ReportServer, connection: str, target: dict[str, Any]) -> None:
    answer = server.report(connection, metrics=revised(1, targets=({"target": "t"} | target,)))
    assert (answer.status_code, "more than" in answer.text) == (400, True)
    halves = tuple({"target": f"t{number}", "runs": 50_001} for number in range(2))
    assert server.report(connection, metrics=revised(1, targets=halves)).status_code == 400
    assert server.report(connection, metrics=revised(1, targets=({"target": "t", "runs": 100_000},))).status_code == 200


def test_a_connections_reports_an_hour_are_limited_and_its_strangers_do_not_count(server: ReportServer) -> None:
    limited, other = server.connect("the-right-key"), server.connect()
    server.client.patch(limited, json={"rateLimitPerHour": 5}).raise_for_status()
    for number in range(9):
        assert server.report(limited, "wrong", developer=f"d{number}").status_code == 403
    statuses = [server.report(limited, "the-right-key", developer=f"d{number}").status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    refused = server.report(limited, "the-right-key")
    assert 0 < int(refused.headers["retry-after"]) <= 720
    assert refused.json()["success"] is False
    assert server.report(other).status_code == 200


@pytest.mark.parametrize("developer", ["", None, 7, [], ".h"])
def test_an_erasure_without_an_id_is_refused(server: ReportServer, connection: str, developer: object) -> None:
    assert server.forget(connection, developer).status_code == 400


def test_a_database_that_is_locked_is_answered_503_and_keeps_what_comes_later(tmp_path) -> None:
    (tmp_path / "devtel").mkdir()
    url = f"sqlite:///{tmp_path / 'devtel' / 'reports.db'}?timeout=0.2"
    with start_server(tmp_path, "--database", url) as running:
        connection = running.connect()
        with locked(running.database):
            answer = running.report(connection)
        assert (answer.status_code, answer.json()["success"]) == (503, False)
        assert int(answer.headers["Retry-After"]) > 0
        assert running.report(connection).status_code == 200
        assert "Traceback" not in running.log.read_text()

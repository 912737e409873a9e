"""Reading rows: access, filters, and pseudonyms."""

import csv
import io
from typing import Any

import pytest

from devtelemetry_cli.server.api.csv_export import cell
from tests.helpers.report_server import ReportServer, bearer, start_server, token_file

EVERYWHERE = True
ADMIN, VIEW = "the-admins-own-token", "the-viewers-own-token"
READING = "/devtel/v1"
TARGET = {"project": "api", "target": "dev.up", "runs": 3, "failures": 1, "waited_seconds": 1.5, "durations": {"3": 2}}


def filled(server: ReportServer, connection: str) -> dict[str, Any]:
    """Three developers' reports on three days, and the filter that finds only them."""
    for number in range(3):
        targets = [TARGET, TARGET | {"target": "test"}] if number else [TARGET | {"project": "web"}]
        metrics = {"schema": 1, "active_hours": number, "tools_used": ["make"], "targets": targets}
        server.report(connection, developer=f"person{number}.host", date=f"2026-01-0{number + 1}", metrics=metrics)
    return {"connection": connection.rpartition("/")[2]}


def rows(server: ReportServer, kind: str, **query: Any) -> list[dict[str, Any]]:
    answer = server.client.get(f"{READING}/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] >= len(answer.json()["rows"])
    return list(answer.json()["rows"])


def test_a_row_does_not_contain_the_developer(server: ReportServer, connection: str) -> None:
    wanted = filled(server, connection)
    row = rows(server, "daily-metrics", **wanted)[1]
    assert (row["date"], row["active_hours"], row["tools_used"], row["projects"]) == ("2026-01-02", 1, ["make"], None)
    everything = server.client.get(f"{READING}/daily-metrics", params=wanted).text
    everything += server.client.get(f"{READING}/target-metrics.csv", params=wanted).text
    assert "person" not in everything
    assert "host" not in everything


def test_a_pseudonym_is_the_same_for_a_person_on_every_machine_and_in_every_answer(
    server: ReportServer, connection: str
) -> None:
    for developer in ("p.one", "p.two", "q.one"):
        server.report(connection, developer=developer, metrics={"schema": 1, "targets": [TARGET]})
    wanted = {"connection": connection.rpartition("/")[2]}
    days, targets = (rows(server, kind, **wanted) for kind in ("daily-metrics", "target-metrics"))
    assert {row["developer"] for row in days} == {row["developer"] for row in targets}
    assert len({row["developer"] for row in days}) == 2
    assert len({row["machine"] for row in days}) == 3


@pytest.mark.parametrize(
    ("query", "days", "targets"),
    [
        ({}, 3, 5),
        ({"project": "api"}, 2, 4),
        ({"target": "test"}, 2, 2),
        ({"project": "web", "target": "test"}, 0, 0),
        ({"from": "2026-01-02"}, 2, 4),
        ({"to": "2026-01-02"}, 2, 3),
        ({"from": "2026-01-03", "to": "2026-01-01"}, 0, 0),
        ({"project": "' OR 1=1 --"}, 0, 0),
    ],
    ids=str,
)
def test_filters_narrow_what_is_read(
    server: ReportServer, connection: str, query: dict[str, str], days: int, targets: int
) -> None:
    wanted = filled(server, connection) | query
    assert len(rows(server, "daily-metrics", **wanted)) == days
    assert len(rows(server, "target-metrics", **wanted)) == targets
    for kind, count in (("daily-metrics", days), ("target-metrics", targets)):
        text = server.client.get(f"{READING}/{kind}.csv", params=wanted).text
        assert len(list(csv.DictReader(io.StringIO(text)))) == count


def test_pages_follow_each_other_and_hold_every_row_once(server: ReportServer, connection: str) -> None:
    wanted = filled(server, connection)
    whole = rows(server, "target-metrics", **wanted)
    pages = [rows(server, "target-metrics", **wanted, page=number, pageSize=2) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [row for page in pages for row in page] == whole


@pytest.mark.parametrize(
    "query",
    [{"page": 0}, {"pageSize": 1001}, {"page": "x"}, {"from": "2026-13-01"}, {"connection": 2**64}, {"project": "\0"}],
    ids=str,
)
def test_an_invalid_query_is_400_in_the_envelope_or_finds_nothing(server: ReportServer, query: dict[str, Any]) -> None:
    answer = server.client.get(f"{READING}/target-metrics", params=query)
    assert answer.status_code == 400 or (query == {"project": "\0"} and answer.json()["rows"] == [])
    assert answer.status_code == 200 or answer.json()["success"] is False


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+x",
        "-x",
        "@x",
        "\tx",
        "\r=x",
        " =x",
        "\uff1d1",
        "\x0b=x",
        "\xa0=x",
        "\u200b+x",
        "\ufeff-x",
        " \x0c\u2060@x",
    ],
)
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_a_targets_name_reaches_a_spreadsheet_as_text(server: ReportServer, connection: str) -> None:
    server.report(connection, metrics={"schema": 1, "targets": [{"target": '=HYPERLINK("x")', "runs": 1}]})
    wanted = {"connection": connection.rpartition("/")[2]}
    answer = server.client.get(f"{READING}/target-metrics.csv", params=wanted)
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["target"], row["runs"], row["durations"]) == ('\'=HYPERLINK("x")', "1", "{}")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_single_developers_rows_are_for_the_administrator_only(tmp_path) -> None:
    files = ("--admin-token-file", token_file(tmp_path, ADMIN), "--view-token-file", token_file(tmp_path, VIEW))
    with start_server(tmp_path, *files) as running:

        def ask(path: str, key: str) -> int:
            headers = {"Host": "devtel.example.com"} | bearer(key)
            return running.client.get(path, headers=headers).status_code

        for kind in ("daily-metrics", "target-metrics", "daily-metrics.csv", "target-metrics.csv"):
            assert [ask(f"{READING}/{kind}", key) for key in ("", "wrong", VIEW, ADMIN)] == [401, 403, 403, 200]
        assert [ask("/metrics", key) for key in ("", "wrong", VIEW, ADMIN)] == [401, 403, 200, 200]
        assert VIEW not in running.log.read_text()

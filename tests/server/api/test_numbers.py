"""Extreme numbers in every numeric field of a report, a connection and a query."""

import json
from collections.abc import Iterator

import pytest

from tests.helpers.report_server import CONNECTIONS, ReportServer, body

EVERYWHERE = True
JSON = {"Content-Type": "application/json"}
NUMBER = "@"  # the place of the number in a body
NUMBERS = {
    "19 digits": "9" * 19,
    "20 digits": "1" * 20,
    "309 digits": "1" * 309,
    "minus 309 digits": "-" + "1" * 309,
    "4301 digits": "1" * 4301,
    "NaN": "NaN",
    "1e999": "1e999",
    "1e308": "1e308",
}
COUNTS = ("runs", "failures", "interrupted", "lost", "waited_seconds", "duration_total", "duration_max")
CHECKOUT = {"branch": "default", "age_days": "0", "runs": 1, "failures": 0}
TARGETS = [
    *({name: NUMBER} for name in COUNTS),
    {"durations": {"3": NUMBER}},
    {"durations": {NUMBER: 1}},
    {"exit_codes": {"0": NUMBER}},
    *({"checkouts": [CHECKOUT | {name: NUMBER}]} for name in ("runs", "failures")),
]
METRICS = [
    *({name: NUMBER} for name in ("active_hours", "schema", "revision")),
    {"commands": {"make": NUMBER}},
    *({"schema": 1, "environment": {name: NUMBER}} for name in ("cores", "memory_gib")),
    *({"schema": 1, "targets": [{"target": "t", "runs": 1} | target]} for target in TARGETS),
]


def bodies(template: object) -> Iterator[str]:
    """The template with each of the numbers, which JSON's own writer would refuse or shorten."""
    text = json.dumps(template)
    for number in NUMBERS.values():
        yield text.replace(f'"{NUMBER}":', f'"{number}":').replace(f'"{NUMBER}"', number)


@pytest.mark.parametrize("metrics", METRICS, ids=json.dumps)
def test_an_extreme_number_in_a_report_is_stored_or_400(
    server: ReportServer, connection: str, metrics: dict[str, object]
) -> None:
    for content in bodies(body(metrics=metrics)):
        answer = server.client.post(f"{connection}/report", content=content)
        assert answer.status_code in (200, 400), (content[:200], answer.text)
        assert answer.json()["success"] is (answer.status_code == 200)
    assert "unexpected error" not in server.log.read_text()


def test_an_extreme_number_in_a_connection_is_400(server: ReportServer, connection: str) -> None:
    new = {"name": "n", "endpoint": "e", "rateLimitPerHour": NUMBER}
    for method, path, template in (("POST", CONNECTIONS, new), ("PATCH", connection, {"rateLimitPerHour": NUMBER})):
        for content in bodies(template):
            answer = server.client.request(method, path, content=content, headers=JSON)
            assert (answer.status_code, answer.json()["success"]) == (400, False), content[:200]


@pytest.mark.parametrize("name", ["connection", "page", "pageSize", "from", "to"])
@pytest.mark.parametrize("rows", ["daily-metrics", "target-metrics", "daily-metrics.csv", "team-metrics"])
def test_an_extreme_number_in_a_query_is_no_server_error(server: ReportServer, rows: str, name: str) -> None:
    for number in NUMBERS.values():
        assert server.client.get(f"/devtel/v1/{rows}", params={name: number}).status_code in (200, 400)


def test_an_extreme_number_in_a_path_is_400_or_404(server: ReportServer) -> None:
    for number in ("9" * 18, "9" * 19, "1" * 309, "1" * 4301, "1e999"):
        assert server.client.get(f"{CONNECTIONS}/{number}").status_code in (400, 404)

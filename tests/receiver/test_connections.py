"""The connections API, as far as the plugin's is ours."""

from datetime import datetime
from typing import Any

import pytest
from receiving import CONNECTIONS, Receiver

EVERYWHERE = True
UNKNOWN = 987654321


def test_a_connection_is_answered_as_it_was_made(receiver: Receiver) -> None:
    wanted = {"name": "made", "endpoint": "http://x", "secretToken": "t", "proxy": "p", "rateLimitPerHour": 5}
    made = receiver.client.post(CONNECTIONS, json=wanted)
    assert made.status_code == 201
    connection = made.json()
    assert receiver.client.get(f"{CONNECTIONS}/{connection['id']}").json() == connection
    assert connection in receiver.client.get(CONNECTIONS).json()
    assert connection | wanted == connection | {"secretToken": "t"}
    for time in ("createdAt", "updatedAt"):
        assert datetime.fromisoformat(connection[time]).tzinfo is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ""},
        {"name": "n" * 101},
        {"name": 7},
        {"endpoint": None},
        {"endpoint": " "},
        {"secretToken": 7},
        {"secretToken": "t" * 4097},
        {"rateLimitPerHour": -1},
        {"rateLimitPerHour": 2**31},
    ],
    ids=str,
)
def test_a_connection_without_what_it_needs_is_refused(receiver: Receiver, wrong: dict[str, Any]) -> None:
    answer = receiver.client.post(CONNECTIONS, json={"name": "refused", "endpoint": "e"} | wrong)
    assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_a_second_connection_of_a_name_is_refused(receiver: Receiver) -> None:
    twice = [receiver.client.post(CONNECTIONS, json={"name": "twice", "endpoint": "e"}) for _ in range(2)]
    assert [answer.status_code for answer in twice] == [201, 400]
    assert "duplicate" in twice[1].json()["message"]


@pytest.mark.parametrize(("method", "action"), [("POST", "/report"), ("POST", "/forget"), ("GET", "")])
@pytest.mark.parametrize(("number", "status"), [(UNKNOWN, 404), ("0", 404), ("x", 400), ("1e3", 400), ("²", 400)])
def test_an_unknown_connection_is_404_and_no_number_400(
    receiver: Receiver, method: str, action: str, number: object, status: int
) -> None:
    answer = receiver.client.request(method, f"{CONNECTIONS}/{number}{action}", json={"developer": "d"})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    if status == 404:
        assert answer.json()["message"] == f"connection {number} not found (404)"


def test_the_id_of_a_deleted_connection_is_never_given_again(receiver: Receiver) -> None:
    last = int(receiver.connect().rpartition("/")[2])
    receiver.store.change("DELETE FROM _tool_developer_telemetry_connections WHERE id = :id", id=last)
    assert int(receiver.connect().rpartition("/")[2]) > last

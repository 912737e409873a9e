"""Writing a blueprint, whose connections DevLake replaces whole, without losing concurrent changes."""

from typing import Any

import pytest

from devtelemetry_cli.devlake.api import blueprints
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection
from tests.helpers.devlake_operator import SATURDAY, SATURDAY_TEXT, client
from tests.helpers.fake_devlake_server import FakeServer

GITHUB = Connection("github", 1, "")
OTHERS = [{"pluginName": "jira", "connectionId": 3, "scopes": [{"scopeId": "9"}]}]


def _held(connections: list[dict[str, Any]]) -> set[tuple[str, int, str]]:
    return {(c["pluginName"], c["connectionId"], s["scopeId"]) for c in connections for s in c["scopes"]}


@pytest.fixture
def number(devlake: FakeServer) -> int:
    """A blueprint with a board of another client, and a repository to add."""
    devlake.lake.scopes["jira", 3]["9"] = {}
    devlake.lake.scopes["jira", 3]["10"] = {}
    devlake.lake.scopes["github", 1]["7"] = {}
    return devlake.lake.blueprint("shop", connections=OTHERS)


def _change(devlake: FakeServer, number: int) -> None:
    with client(devlake) as writer:
        blueprints.change(writer, number, GITHUB, "7", SATURDAY)


@pytest.mark.parametrize(
    "there", [None, [], OTHERS, [*OTHERS, {"pluginName": "github", "connectionId": 1, "scopes": None}]]
)
def test_a_merge_keeps_all_that_was_there(there: list[dict[str, Any]] | None) -> None:
    merged = blueprints.merged(there, GITHUB, "7")
    assert ("github", 1, "7") in _held(merged)
    assert len(merged) == len({(c["pluginName"], c["connectionId"]) for c in merged})
    assert blueprints.merged(merged, GITHUB, "7") == merged


def test_a_scope_joins_those_of_others(devlake: FakeServer, number: int) -> None:
    _change(devlake, number)
    there = devlake.lake.blueprints[number]
    assert _held(there["connections"]) == {("jira", 3, "9"), ("github", 1, "7")}
    assert there["timeAfter"] == SATURDAY_TEXT


def test_a_time_alone_leaves_the_connections_out_of_the_request(devlake: FakeServer, number: int) -> None:
    with client(devlake) as writer:
        blueprints.change(writer, number, None, "", SATURDAY)
    assert devlake.lake.blueprints[number]["connections"] is OTHERS


def test_a_concurrent_change_after_the_write_is_merged_once_more(devlake: FakeServer, number: int) -> None:
    def change_concurrently() -> None:
        devlake.lake.blueprints[number]["connections"] = [{**OTHERS[0], "scopes": [{"scopeId": "10"}]}]

    devlake.meanwhile("PATCH", change_concurrently)
    _change(devlake, number)
    assert _held(devlake.lake.blueprints[number]["connections"]) == {("jira", 3, "10"), ("github", 1, "7")}


def test_a_concurrent_change_between_read_and_write_is_found(devlake: FakeServer, number: int) -> None:
    there = devlake.lake.blueprints[number]
    devlake.meanwhile(f"GET /blueprints/{number}$", lambda: there.update(cronConfig="0 6 * * *"))
    _change(devlake, number)
    assert devlake.count("PATCH") == 2
    assert there["cronConfig"] == "0 6 * * *"


def test_repeated_concurrent_changes_are_reported(devlake: FakeServer, number: int) -> None:
    def change_concurrently() -> None:
        devlake.lake.blueprints[number]["connections"] = OTHERS

    devlake.meanwhile("PATCH", change_concurrently, times=2)
    with pytest.raises(ApiError, match="changed by another client"):
        _change(devlake, number)
    assert devlake.count("PATCH") == 2


@pytest.mark.parametrize("text", ["2026-11-21T00:00:00Z", "2026-11-21T07:00:00.000+07:00"])
def test_times_are_compared_as_moments(text: str) -> None:
    assert blueprints.differences({"timeAfter": SATURDAY_TEXT}, {"timeAfter": text}) == []


@pytest.mark.parametrize("item", [{"connections": 7}, {"connections": [7]}, {"connections": [{"scopes": "x"}]}])
def test_connections_of_another_form_are_an_error(item: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        blueprints.merged(item["connections"], GITHUB, "7")

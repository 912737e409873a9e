"""`devtel devlake discover`: connections with their scopes, added and missing."""

import json
import time

import pytest

from devtelemetry_cli.cli.devlake import tables
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.discover import Found, discover
from tests.helpers.devlake_operator import Operator, client
from tests.helpers.fake_devlake import ID_FIELDS
from tests.helpers.fake_devlake_server import FakeServer


def _found(devlake: FakeServer, *choice: str) -> list[Found]:
    with client(devlake) as reader:
        return list(discover(reader, choice))


def test_an_empty_devlake_has_nothing(devlake: FakeServer) -> None:
    assert _found(devlake) == []


@pytest.mark.parametrize("plugin", ID_FIELDS)
def test_added_and_missing_scopes_differ_by_each_plugins_id_field(devlake: FakeServer, plugin: str) -> None:
    number = devlake.lake.connect(plugin)
    devlake.lake.repository(plugin, number, "acme/there")
    devlake.lake.put_scopes(plugin, "1", {"data": [devlake.lake.remote[plugin, 1][""][0]["data"]]})
    missing = devlake.lake.repository(plugin, number, "acme/new")
    (found,) = _found(devlake)
    assert found.added == 1
    assert [scope.id for scope in found.missing or ()] == [missing]


def test_plugins_that_sync_does_not_know_are_listed_without_counts(devlake: FakeServer) -> None:
    devlake.lake.connect("webhook", "deployments")
    assert tables.discover_row(_found(devlake)[0]) == ("webhook/1", "deployments", "-", "-", "")


@pytest.mark.parametrize(
    "answer",
    [[], 7, {"children": 7}, {"children": [None]}, {"children": None}, {"children": [{}], "nextPageToken": None}],
)
def test_an_answer_of_another_form_is_an_error_and_never_a_crash(devlake: FakeServer, answer: object) -> None:
    devlake.lake.connect("github")
    devlake.fail("GET .*remote-scopes", 200, answer)
    (found,) = _found(devlake)
    assert found.fault or found.missing is not None


def test_a_failing_connection_stops_no_other(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.connect("github")
    devlake.lake.connect("gitlab")
    devlake.fail("GET /plugins/github/.*remote-scopes", 400, {"message": "", "causes": ["Bad credentials"]})
    done = operator.call("discover")
    assert done.returncode == 1
    assert "Bad credentials" in done.stdout
    assert "gitlab/1" in done.stdout


def test_connections_come_in_the_order_of_their_ids(devlake: FakeServer) -> None:
    numbers = [devlake.lake.connect("webhook") for _ in range(3)]
    devlake.lake.connections["webhook"] = dict(reversed(devlake.lake.connections["webhook"].items()))
    with client(devlake) as reader:
        assert [found.connection.id for found in discover(reader)] == numbers


def test_a_connection_that_takes_too_long_is_shown_with_the_others(devlake: FakeServer) -> None:
    devlake.lake.connect("github")
    devlake.lake.connect("gitlab")
    devlake.fail("GET /plugins/github/.*remote-scopes", 200, seconds=0.5)
    with client(devlake, tries=1, timeout=0.2) as reader:
        slow, other = discover(reader)
    assert ("took too long" in slow.fault, other.fault) == (True, "")


def test_every_second_connection_may_take_too_long(devlake: FakeServer) -> None:
    for number in range(1, 7):
        devlake.lake.connect("github")
        if number % 2:
            devlake.fail(f"GET /plugins/github/connections/{number}/remote-scopes", 200, seconds=0.5)
    with client(devlake, tries=1, timeout=0.2) as reader:
        assert [bool(found.fault) for found in discover(reader)] == [True, False] * 3


def test_a_devlake_without_answers_ends_the_command_with_69(devlake: FakeServer) -> None:
    devlake.lake.connect("github")
    devlake.fail("GET .*remote-scopes", 0, times=9)
    with client(devlake, tries=2) as reader, pytest.raises(ApiError) as caught:
        list(discover(reader))
    assert caught.value.exit_code == 69


def test_a_refused_key_ends_the_command_with_77(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.connect("github")
    devlake.fail("GET .*remote-scopes", 403, {"message": "api key has expired"})
    assert operator.call("discover").returncode == 77


def test_the_limit_on_requests_a_second_is_kept(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.connect("github")
    began = time.monotonic()
    assert operator.call("discover", "--rate", "40").returncode == 0
    assert time.monotonic() - began >= (len(devlake.requests) - 1) / 40


def test_the_table_goes_to_stdout_and_holds_no_colour(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.repository("github", devlake.lake.connect("github", "Acme on GitHub"), "acme/api")
    done = operator.call("discover")
    assert done.stdout.splitlines() == [
        "connection  name            added  missing",
        "github/1    Acme on GitHub  0      1",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_json_lists_the_missing_scopes(devlake: FakeServer, operator: Operator) -> None:
    key = devlake.lake.repository("github", devlake.lake.connect("github"), "acme/api")
    assert operator.json("discover") == [
        {
            "plugin": "github",
            "id": 1,
            "name": "github 1",
            "added": 0,
            "missing": [{"id": key, "fullName": "acme/api"}],
            "incompleteScopeConfigs": {},
            "error": None,
        }
    ]


def test_only_the_chosen_connections_are_looked_at(devlake: FakeServer) -> None:
    for plugin in ("github", "github", "gitlab", "jira"):
        devlake.lake.connect(plugin)
    assert [str(found.connection) for found in _found(devlake, "github/2", "jira")] == ["github/2", "jira/1"]


def test_a_choice_without_a_match_is_an_error(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.connect("github")
    assert operator.call("discover", "github/1").returncode == 0
    assert operator.call("discover", "github/1", "svn").returncode == 78
    done = operator.call("discover", "github/9", "svn")
    assert done.returncode == 78
    assert "No connection github/9, svn is" in done.stderr


def test_nothing_is_written_and_only_data_sources_are_tested(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.connect("developer_telemetry")
    devlake.lake.repository("github", devlake.lake.connect("github"), "acme/api")
    operator.call("discover")
    assert devlake.writes() == []
    assert devlake.count("POST .*/test") == devlake.count("POST /plugins/github/connections/1/test") == 1
    assert len(devlake.lake.connections["developer_telemetry"]) == 1


def test_a_name_cannot_draw_on_the_terminal(devlake: FakeServer, operator: Operator) -> None:
    devlake.lake.connect("webhook", "\x1b[31mred\n\x07")
    assert "\x1b" not in operator.call("discover").stdout
    assert json.loads(operator.call("discover", "--json").stdout)[0]["name"] == "[31mred"


def test_a_scope_config_without_the_patterns_of_dora_is_named_and_left_alone(
    devlake: FakeServer, operator: Operator
) -> None:
    devlake.lake.connect("github")
    devlake.lake.post_config("github", "1", {"name": "by hand", "envNamePattern": "live"})
    done = operator.call("discover")
    assert done.returncode == 0
    assert done.stderr == (
        "devtel: github/1: the scope config by hand has no issueTypeRequirement, issueTypeBug, issueTypeIncident, "
        "which DORA metrics need; devtel leaves it as it is.\n"
    )
    assert devlake.writes() == []


def test_the_scope_configs_that_sync_makes_are_complete(devlake: FakeServer, operator: Operator) -> None:
    for plugin in ID_FIELDS:
        devlake.lake.repository(plugin, devlake.lake.connect(plugin), "acme/api")
    assert operator.call("sync").returncode == 0
    done = operator.call("discover")
    assert (done.returncode, done.stderr) == (0, "")
    assert devlake.lake.configs["github", 1]["devtel github/1"]["envNamePattern"] == "(?i)prod(.*)"

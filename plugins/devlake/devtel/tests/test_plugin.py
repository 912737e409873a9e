"""The plugin's answers to DevLake: its description, connections, scopes and pipeline."""

import json
import socket

import pytest
from pydevlake.testing import assert_valid_plugin

import devtel.client
from devtel.main import GROUP, DevtelPlugin
from devtel.models import DevtelConnection, scope_id
from harness import TOKEN, Lake, Server

STEPS = ["Collect Targetweeks", "Extract Targetweeks", "Convert Targetweeks"]


def connection(endpoint: str, token: str = TOKEN) -> DevtelConnection:
    return DevtelConnection(id=1, name="team", endpoint=endpoint, token=token)


def test_pydevlake_accepts_the_plugin() -> None:
    assert_valid_plugin(DevtelPlugin())


def test_plugin_info_names_the_steps_and_requires_an_endpoint(lake: Lake) -> None:
    assert lake.command("plugin-info", "{}").returncode == 0
    (info,) = lake.answers
    assert (info["name"], info["extension"]) == ("devtel", "datasource")
    assert "endpoint" in info["connection_model_info"]["json_schema"]["required"]
    assert [step["name"] for step in info["subtask_metas"]] == STEPS


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "asks for its view token"),
        (403, "not the server's view token"),
        (404, "no devtel server"),
        (429, "too many requests"),
        (500, "HTTP status 500"),
    ],
)
def test_each_refusal_is_a_sentence(server: Server, status: int, reason: str) -> None:
    server.status = [status] * 6
    result = DevtelPlugin().test_connection(connection(server.url))
    assert (result.success, result.status) == (False, status)
    assert reason in result.message


def test_a_right_token_succeeds(server: Server) -> None:
    assert DevtelPlugin().test_connection(connection(server.url)).success


def test_a_server_that_does_not_answer_is_named() -> None:
    result = DevtelPlugin().test_connection(connection("http://127.0.0.1:9"))
    assert (result.success, result.status) == (False, 503)
    assert "127.0.0.1:9 does not answer" in result.message


def test_a_server_that_is_too_slow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devtel.client, "TIMEOUT", (0.5, 0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = DevtelPlugin().test_connection(connection(f"http://127.0.0.1:{silent.getsockname()[1]}"))
    assert (result.success, result.status) == (False, 503)
    assert "does not answer" in result.message


def test_a_saved_connection_without_endpoint_is_explained() -> None:
    result = DevtelPlugin().test_connection(connection(""))
    assert (result.success, result.status) == (False, 400)


def test_the_scopes_are_the_projects_of_the_server(server: Server) -> None:
    plugin = DevtelPlugin()
    (group,) = plugin.remote_scope_groups(connection(server.url))
    assert group.id == GROUP
    scopes = list(plugin.remote_scopes(connection(server.url), GROUP))
    assert [scope.project for scope in scopes] == sorted({row["project"] for row in server.rows})
    (domain,) = plugin.domain_scopes(scopes[-1])
    assert domain.name == scopes[-1].name


def test_the_pipeline_of_a_scope_has_the_three_steps(lake: Lake) -> None:
    scope = {"id": scope_id("shop"), "name": "shop", "project": "shop", "connectionId": 1}
    team = {"id": 1, "name": "team", "endpoint": "http://127.0.0.1:9", "token": TOKEN}
    done = lake.command("make-pipeline", "{}", json.dumps([[scope, {"entities": ["CICD"]}]]), json.dumps(team))
    assert done.returncode == 0, done.stderr[-800:]
    (made,) = lake.answers
    ((task,),) = made["plan"]
    assert task["subtasks"] == STEPS
    (domain,) = made["scopes"]
    assert domain["type_name"] == "CicdScope"


def test_scope_ids_of_long_names_stay_apart() -> None:
    assert scope_id("shop") == "project:shop"
    assert len(scope_id("x" * 255)) < 100
    assert scope_id("x" * 254 + "a") != scope_id("x" * 254 + "b")

"""`devtel devlake plugin`: devtel's own plugin is set up by API, and setting it up again changes nothing."""

from typing import Any

import pytest

from tests.helpers.devlake_operator import Operator, sync
from tests.helpers.fake_devlake_server import FakeServer

NEW = ("--endpoint", "http://builds:8000", "--token-file", "token")


@pytest.fixture
def installed(operator: Operator, devlake: FakeServer) -> FakeServer:
    """A DevLake with the plugin and two projects, and a server with three, before any connection."""
    (operator.work / "token").write_text("view-token\n")
    devlake.lake.install_devtel()
    for name in ("shop", "github/acme/api"):
        devlake.lake.blueprint(name)
    for name in ("shop", "api", "ops"):
        devlake.lake.server_project(1, name)
    return devlake


def _scopes(devlake: FakeServer, project: str) -> list[dict[str, Any]]:
    (blueprint,) = [item for item in devlake.lake.blueprints.values() if item["projectName"] == project]
    connections: list[dict[str, Any]] = blueprint["connections"]
    return connections


def test_projects_are_linked_by_name_and_by_choice(operator: Operator, installed: FakeServer) -> None:
    done = operator.call("plugin", *NEW, "--project", "api=github/acme/api", "--project", "api=both")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "make the connection devtel to http://builds:8000",
        "devtel/1: add the project shop",
        "devtel/1: add the project api",
        "devtel/1 shop: join the blueprint of shop",
        "devtel/1 api: join the blueprint of github/acme/api",
        "devtel/1 api: make the project both",
    ]
    assert done.stderr.splitlines() == [
        "devtel: ops is in no DevLake project: --project 'ops=NAME' links it.",
        "devtel: done.",
    ]
    held = [{"pluginName": "devtel", "connectionId": 1, "scopes": [{"scopeId": "project:api"}]}]
    assert _scopes(installed, "github/acme/api") == _scopes(installed, "both") == held
    assert list(installed.lake.scopes["devtel", 1]) == ["project:shop", "project:api"]


def test_setting_it_up_again_writes_nothing(operator: Operator, installed: FakeServer) -> None:
    operator.call("plugin", *NEW, "--project", "api=github/acme/api")
    before = installed.writes()
    done = operator.call("plugin", "--project", "api=github/acme/api")
    assert (done.returncode, done.stdout, installed.writes()) == (0, "", before)
    assert "nothing to do" in done.stderr


def test_a_dry_run_writes_nothing(operator: Operator, installed: FakeServer) -> None:
    assert "make the connection" in operator.call("plugin", *NEW, "--dry-run").stdout
    installed.lake.connect("devtel", "devtel")
    done = operator.call("plugin", "--dry-run")
    assert "devtel/1 shop: join the blueprint of shop" in done.stdout
    assert installed.writes() == []


def test_a_wrong_token_is_refused_before_anything_is_made(operator: Operator, installed: FakeServer) -> None:
    (operator.work / "token").write_text("wrong")
    done = operator.call("plugin", *NEW)
    assert (done.returncode, installed.writes()) == (1, [])
    assert "the token is not the server's view token" in done.stderr
    assert "wrong" not in done.stderr


def test_a_project_that_the_server_does_not_have_is_named(operator: Operator, installed: FakeServer) -> None:
    done = operator.call("plugin", *NEW, "--project", "shpo=shop")
    assert (done.returncode, installed.lake.scopes["devtel", 1]) == (78, {})
    assert "The server has no project shpo." in done.stderr


def test_a_devlake_without_the_plugin_and_a_connection_without_data_are_named(
    operator: Operator, devlake: FakeServer
) -> None:
    done = operator.call("plugin")
    assert (done.returncode, "has no plugin devtel" in done.stderr) == (78, True)
    devlake.lake.install_devtel()
    done = operator.call("plugin")
    assert (done.returncode, "Give --endpoint and --token-file." in done.stderr) == (78, True)


@pytest.mark.parametrize("text", ["shop", "=shop", "shop="])
def test_an_invalid_link_is_wrong_usage(operator: Operator, text: str) -> None:
    assert operator.call("plugin", "--project", text).returncode == 2


def test_other_contents_of_the_blueprint_stay(operator: Operator, installed: FakeServer) -> None:
    installed.lake.repository("github", installed.lake.connect("github"), "acme/api", key=7)
    sync(installed)
    operator.call("plugin", *NEW, "--project", "api=github/acme/api")
    assert [item["pluginName"] for item in _scopes(installed, "github/acme/api")] == ["github", "devtel"]
    assert sync(installed).planned == 0


def test_changes_before_an_error_are_printed(operator: Operator, installed: FakeServer) -> None:
    installed.fail("PATCH /blueprints/", 400)
    done = operator.call("plugin", *NEW)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "make the connection devtel to http://builds:8000"

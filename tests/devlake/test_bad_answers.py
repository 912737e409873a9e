"""An answer of another server or of another form ends a command with a sentence and a code, never a traceback."""

import re

import pytest

from tests.helpers.devlake_operator import Operator, sync
from tests.helpers.fake_devlake_server import FakeServer

COMMANDS = {
    "discover": ["discover"],
    "sync": ["sync"],
    "monitor": ["monitor", "--once"],
    "run": ["run", "shop", "--wait", "--interval", "0.1"],
    "connect": ["connect", "--write"],
    "plugin": ["plugin", "--endpoint", "http://builds:8000", "--token-file", "token"],
}
ANSWERS: dict[str, tuple[int, bytes]] = {
    "a login page": (200, b"<!doctype html><title>Login</title>"),
    "no content": (204, b""),
    "an object": (200, b"{}"),
    "a list of numbers": (200, b"[1, 2]"),
    "half a surrogate pair": (200, rb'[{"plugin": "\ud800"}]'),
    "a deep nest": (200, b"[" * 100_000),
    "a redirect": (302, b""),
    "a teapot": (418, b"\x1b[2J\xff"),
}


@pytest.fixture
def filled(operator: Operator, devlake: FakeServer) -> FakeServer:
    """A DevLake in which each command has something to do."""
    lake = devlake.lake
    lake.repository("github", lake.connect("github"), "acme/web")
    lake.pipeline(lake.blueprint("shop"), "TASK_PARTIAL")
    lake.install_devtel()
    lake.server_project(1, "shop")
    (operator.work / "token").write_text("view-token\n")
    return devlake


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_any_answer_in_place_of_any_other_is_a_sentence(
    operator: Operator, filled: FakeServer, command: str, answer: str
) -> None:
    status, body = ANSWERS[answer]
    for position in (0, 1, 2, 4, 8, 16):
        filled.fail(".", status, body, after=position)
        done = operator.call(*COMMANDS[command])
        assert done.returncode in (0, 1, 75, 78)
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", done.stdout + done.stderr)
        assert done.returncode == 0 or done.stdout + done.stderr
        filled.faults.clear()


@pytest.mark.parametrize("name", ["pluginName", "connectionId"])
def test_a_written_blueprint_of_another_form_is_a_failure_of_its_repository(filled: FakeServer, name: str) -> None:
    connection = {"pluginName": "github", "connectionId": 1, "scopes": [{"scopeId": "1"}], name: [1]}
    filled.fail("PATCH /blueprints/", 200, {"connections": [connection]})
    assert len(sync(filled).failures) == 1

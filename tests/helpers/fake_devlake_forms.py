"""Forms of DevLake's objects, as recorded in contract/devlake-exchanges.json."""

import copy
import functools
import json
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[2] / "contract" / "devlake-exchanges.json"
_REMOTE = {  # plugin -> the recorded list that shows the data of a remote scope in full
    "github": "github: an organisation",
    "gitlab": "gitlab: a group with a group in it",
    "jira": "jira: first page",
    "jenkins": "jenkins: a folder",
    "bitbucket": "bitbucket: a workspace",
    "circleci": "circleci: all",
    "bamboo": "bamboo: first page",
}
_TIMES = {"createdAt": "2026-11-25T20:53:14.593Z", "updatedAt": "2026-11-25T20:53:14.593Z"}


@functools.cache
def exchanges() -> list[dict[str, Any]]:
    """Every recorded exchange, in order."""
    recorded: list[dict[str, Any]] = json.loads(CONTRACT.read_text(encoding="utf-8"))["exchanges"]
    return recorded


@functools.cache
def _bodies() -> dict[tuple[str, str], Any]:
    return {(exchange["area"], exchange["name"]): exchange["response"]["body"] for exchange in exchanges()}


def body(area: str, name: str) -> Any:
    """The body of a recorded answer."""
    return copy.deepcopy(_bodies()[area, name])


def connection(plugin: str) -> dict[str, Any]:
    """A connection as its plugin's list shows it."""
    known = ("connections", f"connections of {plugin}") in _bodies()
    return dict(body("connections", f"connections of {plugin}")[0]) if known else dict(_TIMES)


def scope_config(plugin: str) -> dict[str, Any]:
    """A scope config of which only the name was given."""
    return dict(body("scope configs", f"{plugin}: an empty config"))


@functools.cache
def _remote_data(plugin: str) -> dict[str, Any]:
    found = body("remote scopes", _REMOTE[plugin])["children"] if plugin in _REMOTE else [{"data": _TIMES}]
    return dict(found[-1]["data"])


def remote_data(plugin: str) -> dict[str, Any]:
    """The data of a remote scope."""
    return dict(_remote_data(plugin))


def blueprint() -> dict[str, Any]:
    """The blueprint of a project that was just made."""
    return dict(body("blueprints", "get one"))


def pipeline() -> dict[str, Any]:
    """A pipeline that was just triggered."""
    return dict(body("pipelines", "trigger"))


def task() -> dict[str, Any]:
    """A completed task."""
    return dict(body("pipelines", "tasks of a partial pipeline")["tasks"][0])

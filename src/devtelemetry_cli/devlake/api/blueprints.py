"""Writing a blueprint without losing what others wrote: DevLake replaces its connections whole.

DevLake has no version to write against. So: read just before, merge, write, read again; whatever then differs from
what was read and written is somebody else's change. It is merged into once more, then reported.
"""

from datetime import datetime
from typing import Any

from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection, moment, text
from devtelemetry_cli.devlake.sync.options import rfc3339

_OTHERS = ("name", "projectName", "mode", "enable", "cronConfig", "isManual", "skipOnFail", "fullSync", "labels")


def fill(client: Client, fresh: dict[str, Any], change: dict[str, Any]) -> None:
    """Write to a blueprint that was made a moment ago: `fresh` is how it was answered. Raises ApiError."""
    path = f"/blueprints/{fresh.get('id')}"
    answer = api.record(client.write("PATCH", path, change), f"PATCH {path}")
    if differences({**fresh, **change}, answer):
        raise _changed(path)


def change(client: Client, number: int, connection: Connection | None, scope_id: str, time: datetime | None) -> None:
    """Bring a scope (without a connection none) and a `timeAfter` (None for no change) into a blueprint.

    Raises ApiError, also where somebody else changes it at the same time, again and again.
    """
    path = f"/blueprints/{number}"
    for _ in range(2):
        before = api.record(client.get(path), f"GET {path}")
        wanted: dict[str, Any] = {"timeAfter": rfc3339(time)} if time is not None else {}
        if connection is not None:
            wanted["connections"] = merged(before.get("connections"), connection, scope_id)
        client.write("PATCH", path, wanted)
        after = api.record(client.get(path), f"GET {path}")
        if not differences({**before, **wanted}, after):
            return
    raise _changed(path)


def merged(connections: object, connection: Connection, scope_id: str) -> list[dict[str, Any]]:
    """The connections of a blueprint with one scope more, everything that was there kept. Raises ApiError."""
    kept: list[dict[str, Any]] = []
    home: dict[str, Any] | None = None
    for item in api.objects(connections, "GET /blueprints"):
        scopes = [{"scopeId": text(scope, "scopeId")} for scope in api.objects(item.get("scopes"), "GET /blueprints")]
        entry = {"pluginName": item.get("pluginName"), "connectionId": item.get("connectionId"), "scopes": scopes}
        kept.append(entry)
        if (entry["pluginName"], entry["connectionId"]) == (connection.plugin, connection.id):
            home = entry
    if home is None:
        home = {"pluginName": connection.plugin, "connectionId": connection.id, "scopes": []}
        kept.append(home)
    if {"scopeId": scope_id} not in home["scopes"]:
        home["scopes"].append({"scopeId": scope_id})
    return kept


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The names of what differs between two states of a blueprint, apart from its plan and its dates."""
    names = [name for name in _OTHERS if (expected.get(name) or None) != (found.get(name) or None)]
    if moment(expected.get("timeAfter")) != moment(found.get("timeAfter")):
        names.append("timeAfter")
    if _held(expected) != _held(found):
        names.append("connections")
    return names


def _held(blueprint: dict[str, Any]) -> set[tuple[Any, Any, str]]:
    """(plugin, connection, scope) for each scope."""
    return {
        (item.get("pluginName"), item.get("connectionId"), text(scope, "scopeId"))
        for item in api.objects(blueprint.get("connections"), "GET /blueprints")
        for scope in api.objects(item.get("scopes"), "GET /blueprints")
    }


def _changed(path: str) -> ApiError:
    return ApiError(
        f"Somebody else changed {path} while it was written.", "Look at its connections in config-ui, then sync again."
    )

"""Writing a blueprint without losing concurrent changes: DevLake replaces its connections whole.

DevLake has no version for conditional writes. So: read just before, merge, write, read again. Any difference from the
merged state is a concurrent change; it is merged once more, then reported.
"""

from datetime import UTC, datetime
from typing import Any

from devtelemetry_cli.devlake.api import decode, models
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection

_READ = "GET /blueprints"
_COMPARED = ("name", "projectName", "mode", "enable", "cronConfig", "isManual", "skipOnFail", "fullSync", "labels")


def rfc3339(moment: datetime) -> str:
    """A time in UTC as DevLake takes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fill(client: Client, fresh: dict[str, Any], change: dict[str, Any]) -> None:
    """Write to a blueprint that was just created; `fresh` is its JSON from that answer. Raises ApiError."""
    path = f"/blueprints/{fresh.get('id')}"
    answer = decode.record(client.write("PATCH", path, change), f"PATCH {path}")
    if differences({**fresh, **change}, answer):
        raise _changed(path)


def change(client: Client, number: int, connection: Connection | None, scope_id: str, time: datetime | None) -> None:
    """Add a scope (unless `connection` is None) and set `timeAfter` (unless `time` is None).

    Raises ApiError, also where the blueprint is changed concurrently twice.
    """
    path = f"/blueprints/{number}"
    for _ in range(2):
        before = decode.record(client.get(path), f"GET {path}")
        wanted: dict[str, Any] = {"timeAfter": rfc3339(time)} if time is not None else {}
        if connection is not None:
            wanted["connections"] = merged(before.get("connections"), connection, scope_id)
        client.write("PATCH", path, wanted)
        after = decode.record(client.get(path), f"GET {path}")
        if not differences({**before, **wanted}, after):
            return
    raise _changed(path)


def merged(connections: object, connection: Connection, scope_id: str) -> list[dict[str, Any]]:
    """The connections of a blueprint with one more scope. Raises ApiError."""
    kept: list[dict[str, Any]] = []
    target: dict[str, Any] | None = None
    for item in decode.objects(connections, _READ):
        scopes = decode.objects(item.get("scopes"), _READ)
        ids = [{"scopeId": decode.text(scope, "scopeId")} for scope in scopes]
        entry = {"pluginName": item.get("pluginName"), "connectionId": item.get("connectionId"), "scopes": ids}
        kept.append(entry)
        if (entry["pluginName"], entry["connectionId"]) == (connection.plugin, connection.id):
            target = entry
    if target is None:
        target = {"pluginName": connection.plugin, "connectionId": connection.id, "scopes": []}
        kept.append(target)
    if {"scopeId": scope_id} not in target["scopes"]:
        target["scopes"].append({"scopeId": scope_id})
    return kept


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The names of the differing fields of two states of a blueprint; its plan and its dates are not compared.

    Raises ApiError.
    """
    names = [name for name in _COMPARED if (expected.get(name) or None) != (found.get(name) or None)]
    if decode.moment(expected.get("timeAfter")) != decode.moment(found.get("timeAfter")):
        names.append("timeAfter")
    if models.read_scopes(expected, _READ) != models.read_scopes(found, _READ):
        names.append("connections")
    return names


def _changed(path: str) -> ApiError:
    return ApiError(
        f"{path} was changed by another client while it was written.",
        "Check its connections in config-ui, then sync again.",
    )

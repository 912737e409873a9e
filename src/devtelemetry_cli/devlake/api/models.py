"""Objects of DevLake as values: connections, remote scopes, blueprints."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devtelemetry_cli.devlake.api import decode, urls


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of a plugin. The id is unique within the plugin only."""

    plugin: str
    id: int
    name: str

    def __str__(self) -> str:
        """The form used on the command line: `github/1`."""
        return f"{self.plugin}/{self.id}"

    @property
    def path(self) -> str:
        """Its path in the API."""
        return f"/plugins/{urls.segment(self.plugin)}/connections/{self.id}"


@dataclass(frozen=True, slots=True)
class RemoteScope:
    """A repository, board or job that a connection can see. `data` is the object that adds it to the connection."""

    id: str
    full_name: str
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The part of a blueprint that planning needs; `scopes` holds (plugin, connection id, scope id)."""

    id: int
    project: str
    name: str
    enabled: bool
    time_after: datetime | None
    scopes: frozenset[tuple[str, int, str]]


def read_blueprint(item: dict[str, Any], request: str) -> Blueprint:
    """A blueprint from its JSON. Raises ApiError."""
    return Blueprint(
        id=decode.number(item, "id", request),
        project=decode.text(item, "projectName"),
        name=decode.text(item, "name"),
        enabled=item.get("enable") is True,
        time_after=decode.moment(item.get("timeAfter")),
        scopes=read_scopes(item, request),
    )


def read_scopes(item: dict[str, Any], request: str) -> frozenset[tuple[str, int, str]]:
    """(plugin, connection id, scope id) for each scope of a blueprint's JSON. Raises ApiError."""
    return frozenset(
        (
            decode.text(connection, "pluginName"),
            decode.number(connection, "connectionId", request),
            decode.text(scope, "scopeId"),
        )
        for connection in decode.objects(item.get("connections"), request)
        for scope in decode.objects(connection.get("scopes"), request)
    )

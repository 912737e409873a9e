"""What is in DevLake, as values: connections, remote scopes, blueprints."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devtelemetry_cli.devlake.api import client, errors
from devtelemetry_cli.devlake.api.errors import ApiError


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of a plugin, by its number there."""

    plugin: str
    id: int
    name: str

    def __str__(self) -> str:
        """As it is chosen on the command line: `github/1`."""
        return f"{self.plugin}/{self.id}"

    @property
    def path(self) -> str:
        """Where it stands in the API."""
        return f"/plugins/{client.part(self.plugin)}/connections/{self.id}"


@dataclass(frozen=True, slots=True)
class RemoteScope:
    """A repository, board or job that a connection can see. `data` is what DevLake wants back to add it."""

    id: str
    full_name: str
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A blueprint as far as planning needs it; `scopes` holds (plugin, connection id, scope id)."""

    id: int
    project: str
    name: str
    enabled: bool
    time_after: datetime | None
    scopes: frozenset[tuple[str, int, str]]


def read_blueprint(item: dict[str, Any], request: str) -> Blueprint:
    """A blueprint from its JSON. Raises ApiError."""
    return Blueprint(
        id=number(item, "id", request),
        project=text(item, "projectName"),
        name=text(item, "name"),
        enabled=item.get("enable") is True,
        time_after=moment(item.get("timeAfter")),
        scopes=frozenset(_scopes(item, request)),
    )


def _scopes(item: dict[str, Any], request: str) -> list[tuple[str, int, str]]:
    return [
        (text(connection, "pluginName"), number(connection, "connectionId", request), text(scope, "scopeId"))
        for connection in client.objects(item.get("connections"), request)
        for scope in client.objects(connection.get("scopes"), request)
    ]


def number(item: dict[str, Any], name: str, request: str) -> int:
    """A number that must be there. Raises ApiError."""
    value = item.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _missing(request, name)
    return value


def text(item: dict[str, Any], name: str) -> str:
    """A text, "" where there is none. Numbers count as texts: ids come as both."""
    value = item.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def moment(value: object) -> datetime | None:
    """A moment from RFC 3339; None where there is none, or the zero time that Go writes."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _missing(request: str, name: str) -> ApiError:
    return errors.malformed(request, f"{name} is missing or no number")

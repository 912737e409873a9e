"""What DevLake collects and what it could: every connection with its scopes, added and still missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from devtelemetry_cli.devlake.api import plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Connection, RemoteScope

HEADS = ("connection", "name", "added", "missing", "")


@dataclass(frozen=True)
class Found:
    """A connection: how many scopes it collects and which it could besides; None where its plugin has no such list."""

    connection: Connection
    added: int | None
    missing: tuple[RemoteScope, ...] | None
    fault: str = ""

    def row(self) -> tuple[str, ...]:
        """Its line in the table."""
        missing = None if self.missing is None else len(self.missing)
        counts = ("-" if count is None else str(count) for count in (self.added, missing))
        return (str(self.connection), self.connection.name, *counts, self.fault)

    def as_json(self) -> dict[str, object]:
        """The same as an object."""
        missing = None if self.missing is None else [{"id": s.id, "fullName": s.full_name} for s in self.missing]
        return {
            "plugin": self.connection.plugin,
            "id": self.connection.id,
            "name": self.connection.name,
            "added": self.added,
            "missing": missing,
            "error": self.fault or None,
        }


def discover(client: Client, choice: tuple[str, ...] = ()) -> Iterator[Found]:
    """Each connection as it is looked at. Raises ApiError for what concerns all of them."""
    patience = CircuitBreaker()
    for connection in queries.chosen(client, choice, lambda _name: True):
        if connection.plugin in plugins.KNOWN:
            yield _look_at(client, connection, patience)
        else:
            yield Found(connection, None, None)


def _look_at(client: Client, connection: Connection, patience: CircuitBreaker) -> Found:
    added: set[str] | None = None
    try:
        added = set(queries.added_scopes(client, connection))
        remote = queries.remote_scopes(client, connection)
        missing = tuple(RemoteScope(scope.id, scope.full_name, None) for scope in remote if scope.id not in added)
        patience.answered()
        return Found(connection, len(added), missing)
    except ApiError as fault:
        patience.bear(fault)
        return Found(connection, None if added is None else len(added), None, str(fault))

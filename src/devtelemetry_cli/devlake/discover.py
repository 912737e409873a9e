"""Every connection of DevLake with its scopes: those that are collected, and those that are missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from devtelemetry_cli.devlake.api import plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Connection, RemoteScope
from devtelemetry_cli.devlake.api.remote_scopes import Walk


@dataclass(frozen=True)
class Found:
    """A connection with the number of its scopes and the missing ones; None where its plugin cannot list them.

    `incomplete_configs`: its scope configs without patterns that DORA metrics need, and the empty fields.
    """

    connection: Connection
    added: int | None
    missing: tuple[RemoteScope, ...] | None
    fault: str = ""
    incomplete_configs: Mapping[str, list[str]] = field(default_factory=dict)


def discover(client: Client, choice: tuple[str, ...] = ()) -> Iterator[Found]:
    """Each connection, as soon as it was read. Raises ApiError for an error that concerns all of them."""
    breaker = CircuitBreaker()
    for connection in queries.chosen(client, choice, lambda _name: True):
        if connection.plugin in plugins.SYNCED:
            yield _inspect(client, connection, breaker)
        else:
            yield Found(connection, None, None)


def _inspect(client: Client, connection: Connection, breaker: CircuitBreaker) -> Found:
    added: set[str] | None = None
    try:
        added = set(queries.added_scopes(client, connection))
        incomplete = queries.incomplete_scope_configs(client, connection)
        remote = Walk(client, connection)
        missing = tuple(RemoteScope(scope.id, scope.full_name, None) for scope in remote if scope.id not in added)
        breaker.succeeded()
        return Found(connection, len(added), missing, incomplete_configs=incomplete)
    except ApiError as fault:
        breaker.failed(fault)
        return Found(connection, None if added is None else len(added), None, str(fault))

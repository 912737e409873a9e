"""Connections: the destinations of reports, each with an id and a token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.report.decode import MAX_NAME, ReportError
from devtelemetry_cli.server.auth import Key, hash_token
from devtelemetry_cli.server.db.bulk import find_rows
from devtelemetry_cli.server.db.tables import (
    connections,
    daily_metrics,
    forgotten,
    now,
    reports,
    target_metrics,
    team_cells,
    team_shown,
    team_weeks,
)
from devtelemetry_cli.server.ingest.decode import read_field, read_integer, read_object, read_string
from devtelemetry_cli.server.responses import RefusedError

MAX_CONNECTION_NAME = 100
MAX_TOKEN = 4096
MASK = "***"  # DevLake answers tokens with their middle replaced

_TOKEN_HASH = select(connections.c.secret_token).where(connections.c.id == bindparam("id"))
# Reports lock the row shared, an erasure and the deletion of the connection lock it exclusively, so that neither runs
# between a check and its write. SQLite, with one writer at a time, leaves the clauses out.
_SHARED = _TOKEN_HASH.with_for_update(read=True, key_share=True)
_EXCLUSIVE = _TOKEN_HASH.with_for_update()
_SHARED_BY_MANY = select(
    connections.c.id, connections.c.secret_token, connections.c.rate_limit_per_hour
).with_for_update(read=True, key_share=True)


@dataclass(frozen=True)
class NewConnection:
    """The values of a new connection; with an empty `token` reports need none."""

    name: str
    endpoint: str
    token: str = ""
    proxy: str = ""
    rate_limit: int = 0


def read_connection(body: bytes) -> NewConnection:
    """The connection that a request's body asks for. Raises ReportError."""
    return _checked(_merged(read_object(body), NewConnection("", "")))


def _merged(wire: Mapping[str, Any], before: NewConnection) -> NewConnection:
    """`before` with the changes in `wire`. An empty or masked token changes nothing: answers contain it that way."""
    token = read_string(wire, "secretToken", MAX_TOKEN)
    given = {key.lower() for key, value in wire.items() if value is not None}

    def text(name: str, old: str, most: int = MAX_NAME) -> str:
        return read_string(wire, name, most) if name.lower() in given else old

    limit = read_field(wire, "rateLimitPerHour")
    return NewConnection(
        name=text("name", before.name, MAX_CONNECTION_NAME),
        endpoint=text("endpoint", before.endpoint),
        token="" if MASK in token else token,
        proxy=text("proxy", before.proxy),
        rate_limit=before.rate_limit if limit is None else read_integer("rateLimitPerHour", limit),
    )


def _checked(new: NewConnection) -> NewConnection:
    if not new.name.strip() or not new.endpoint.strip():
        raise ReportError("name and endpoint are required")
    if not 0 <= new.rate_limit < 2**31:
        raise ReportError("rateLimitPerHour: the number is out of range")
    return new


def create(db: Connection, new: NewConnection) -> Row[Any]:
    """Store a new connection; RefusedError 400 when its name is taken."""
    at = now()
    values = _columns(new) | {"secret_token": hash_token(new.token) if new.token else "", "created_at": at}
    try:
        made = db.execute(insert(connections), values | {"updated_at": at}).inserted_primary_key
    except IntegrityError:
        raise _duplicate(new.name) from None
    assert made is not None  # noqa: S101 - a single-row insert always returns its key
    return get(db, made.id)


def change(db: Connection, connection_id: int, body: bytes) -> Row[Any]:
    """Change only the fields that `body` names. Raises RefusedError and ReportError."""
    row = _lock(db, connection_id)
    before = NewConnection(row.name, row.endpoint, "", row.proxy, row.rate_limit_per_hour)
    new = _checked(_merged(read_object(body), before))
    values = _columns(new) | {"updated_at": now()} | ({"secret_token": hash_token(new.token)} if new.token else {})
    try:
        db.execute(update(connections).where(connections.c.id == connection_id), values)
    except IntegrityError:
        raise _duplicate(new.name) from None
    return get(db, connection_id)


def remove(db: Connection, connection_id: int) -> Row[Any]:
    """Delete the connection and all reports to it; its former row. RefusedError 404."""
    row = _lock(db, connection_id)
    for table in (team_shown, team_cells, team_weeks, target_metrics, reports, daily_metrics, forgotten):
        db.execute(delete(table).where(table.c.connection_id == connection_id))
    db.execute(delete(connections).where(connections.c.id == connection_id))
    return row


def ensure(db: Connection, new: NewConnection) -> int:
    """The id of the connection of that name, created if missing; a given token replaces its token."""
    found = db.execute(select(connections.c.id).where(connections.c.name == new.name)).scalar()
    if found is None:
        return int(create(db, new).id)
    if new.token:
        change = {"secret_token": hash_token(new.token), "updated_at": now()}
        db.execute(update(connections).where(connections.c.id == found), change)
    return int(found)


def get(db: Connection, connection_id: int) -> Row[Any]:
    """The connection; RefusedError 404 if there is none."""
    row = db.execute(select(connections).where(connections.c.id == connection_id)).first()
    if row is None:
        raise not_found(connection_id)
    return row


def list_all(db: Connection) -> list[Row[Any]]:
    """All connections, by id."""
    return list(db.execute(select(connections).order_by(connections.c.id)))


def check_key(db: Connection, connection_id: int, key: Key, exclusive: bool = False) -> None:
    """Lock the connection's row; RefusedError unless `key` is right (Key.check).

    `exclusive` waits until no other transaction has the row, else the lock is shared.
    """
    stored: str | None = db.execute(_EXCLUSIVE if exclusive else _SHARED, {"id": connection_id}).scalar()
    key.check(stored, connection_id)


def _lock(db: Connection, connection_id: int) -> Row[Any]:
    """The connection, its row locked for this transaction; RefusedError 404."""
    db.execute(_EXCLUSIVE, {"id": connection_id})
    return get(db, connection_id)


def lock_shared(db: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Connection id -> its `secret_token` and `rate_limit_per_hour`, for those of `ids` that exist.

    Their rows stay locked, shared.
    """
    found = find_rows(db, _SHARED_BY_MANY, (connections.c.id,), [(one,) for one in ids])
    return {row.id: row for row in found.values()}


def to_json(row: Row[Any]) -> Mapping[str, Any]:
    """The connection as the plugin answers it, but without its token or hash."""
    return {
        "id": row.id,
        "createdAt": f"{row.created_at.isoformat(timespec='milliseconds')}Z",
        "updatedAt": f"{row.updated_at.isoformat(timespec='milliseconds')}Z",
        "name": row.name,
        "endpoint": row.endpoint,
        "proxy": row.proxy,
        "rateLimitPerHour": row.rate_limit_per_hour,
        "secretToken": "",
    }


def _columns(new: NewConnection) -> dict[str, Any]:
    return {
        "name": new.name,
        "endpoint": new.endpoint,
        "proxy": new.proxy,
        "rate_limit_per_hour": new.rate_limit,
    }


def _duplicate(name: str) -> RefusedError:
    return RefusedError(400, f"duplicate: a connection named {name} exists already")


def not_found(connection_id: int) -> RefusedError:
    """The refusal for an unknown id."""
    return RefusedError(404, f"connection {connection_id} not found")

"""Connections: who reports to us, under which id and token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.report.decode import MAX_NAME, ReportError
from devtelemetry_cli.server.auth import hash_token
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
# Reports share the row, an erasure and the connection's end have it alone: none of them comes between another's
# question and its answer. SQLite, where one transaction writes at a time, leaves the clauses out.
_SHARED = _TOKEN_HASH.with_for_update(read=True, key_share=True)
_ALONE = _TOKEN_HASH.with_for_update()
_SHARED_BY_MANY = select(connections.c.id, connections.c.secret_token).with_for_update(read=True, key_share=True)


@dataclass(frozen=True)
class NewConnection:
    """What a connection is made from; an empty `token` means that reports need none."""

    name: str
    endpoint: str
    token: str = ""
    proxy: str = ""
    rate_limit: int = 0


def read_connection(body: bytes) -> NewConnection:
    """The connection that a request's body asks for. Raises ReportError."""
    return _checked(_told(read_object(body), NewConnection("", "")))


def _told(wire: Mapping[str, Any], before: NewConnection) -> NewConnection:
    """`before` with what `wire` says about it. An empty or masked token is none: it is how one is answered."""
    token = read_string(wire, "secretToken", MAX_TOKEN)
    told = {key.lower() for key, value in wire.items() if value is not None}

    def text(name: str, old: str, most: int = MAX_NAME) -> str:
        return read_string(wire, name, most) if name.lower() in told else old

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
    assert made is not None  # noqa: S101 - a single-row insert always tells its key
    return get(db, made.id)


def change(db: Connection, connection_id: int, body: bytes) -> Row[Any]:
    """Change what `body` names and nothing else. Raises RefusedError and ReportError."""
    token_hash(db, connection_id, alone=True)
    row = get(db, connection_id)
    before = NewConnection(row.name, row.endpoint, "", row.proxy, row.rate_limit_per_hour)
    new = _checked(_told(read_object(body), before))
    values = _columns(new) | {"updated_at": now()} | ({"secret_token": hash_token(new.token)} if new.token else {})
    try:
        db.execute(update(connections).where(connections.c.id == connection_id), values)
    except IntegrityError:
        raise _duplicate(new.name) from None
    return get(db, connection_id)


def remove(db: Connection, connection_id: int) -> Row[Any]:
    """Delete the connection and all that was reported to it; the row that it was. RefusedError 404."""
    token_hash(db, connection_id, alone=True)
    row = get(db, connection_id)
    for table in (team_shown, team_cells, team_weeks, target_metrics, reports, daily_metrics, forgotten):
        db.execute(delete(table).where(table.c.connection_id == connection_id))
    db.execute(delete(connections).where(connections.c.id == connection_id))
    return row


def ensure(db: Connection, new: NewConnection) -> int:
    """The id of the connection of that name, made where there is none; a token given replaces its token."""
    found = db.execute(select(connections.c.id).where(connections.c.name == new.name)).scalar()
    if found is None:
        return int(create(db, new).id)
    if new.token:
        change = {"secret_token": hash_token(new.token), "updated_at": now()}
        db.execute(update(connections).where(connections.c.id == found), change)
    return int(found)


def get(db: Connection, connection_id: int) -> Row[Any]:
    """The connection; RefusedError 404 where there is none."""
    row = db.execute(select(connections).where(connections.c.id == connection_id)).first()
    if row is None:
        raise not_found(connection_id)
    return row


def all_of_them(db: Connection) -> list[Row[Any]]:
    """Every connection, by id."""
    return list(db.execute(select(connections).order_by(connections.c.id)))


def token_hash(db: Connection, connection_id: int, alone: bool = False) -> str:
    """The hash of a connection's token, empty where it asks for none, and a hold on it until the end; else 404.

    With `alone` nobody else holds the connection.
    """
    stored: str | None = db.execute(_ALONE if alone else _SHARED, {"id": connection_id}).scalar()
    if stored is None:
        raise not_found(connection_id)
    return stored


def token_hashes(db: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The hashes of those connections' tokens, held shared until the end, by id; without those that do not exist."""
    found = find_rows(db, _SHARED_BY_MANY, (connections.c.id,), [(one,) for one in ids])
    return {row[0]: row[1] for row in found}


def as_answer(row: Row[Any]) -> Mapping[str, Any]:
    """The connection as the plugin answers it, except that a token never leaves: not even its hash."""
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
    """What is answered for an id that no connection has."""
    return RefusedError(404, f"connection {connection_id} not found")

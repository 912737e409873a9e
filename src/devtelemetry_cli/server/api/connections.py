"""The connections API of the plugin: the same paths and JSON, except that answers never contain a token."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import Connection, Row

from devtelemetry_cli.server.api.dependencies import connection_id, read_body, state
from devtelemetry_cli.server.auth import Key
from devtelemetry_cli.server.db import connections
from devtelemetry_cli.server.responses import as_json


async def create_connection(request: Request) -> Response:
    """Create a connection."""
    state(request).tokens.check_admin_write(request)
    new = connections.read_connection(await read_body(request))
    return await _written(request, lambda db: connections.create(db, new), 201)


async def list_connections(request: Request) -> Response:
    """All connections."""
    app_state = state(request)
    app_state.tokens.check_admin(request)
    rows = await run_in_threadpool(app_state.database.read, connections.list_all)
    return as_json([connections.to_json(row) for row in rows])


async def get_connection(request: Request) -> Response:
    """One connection: for the administrator, and, without its addresses, for its own report token."""
    app_state, number = state(request), connection_id(request)
    is_admin = app_state.tokens.is_admin(request)
    if not (is_admin or request.headers.get("authorization")):
        app_state.tokens.check_admin(request)

    def look(db: Connection) -> Row[Any]:
        if not is_admin:
            connections.check_key(db, number, Key.of(request))
        return connections.get(db, number)

    answer = connections.to_json(await run_in_threadpool(app_state.database.read, look))
    return as_json(answer if is_admin else {**answer, "endpoint": "", "proxy": ""})


async def patch_connection(request: Request) -> Response:
    """Change the named fields of a connection; an empty or masked token is kept."""
    state(request).tokens.check_admin_write(request)
    number, body = connection_id(request), await read_body(request)
    return await _written(request, lambda db: connections.change(db, number, body))


async def delete_connection(request: Request) -> Response:
    """Delete a connection and all reports to it. Its id is never used again."""
    state(request).tokens.check_admin_write(request)
    number = connection_id(request)
    return await _written(request, lambda db: connections.remove(db, number))


async def _written(request: Request, work: Callable[[Connection], Row[Any]], status: int = 200) -> Response:
    row = await run_in_threadpool(state(request).database.write, work)
    return as_json(connections.to_json(row), status)

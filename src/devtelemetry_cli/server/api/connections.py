"""The connections API of the plugin: the same paths and JSON, except that a token is never answered."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import Connection, Row

from devtelemetry_cli.server.api.dependencies import connection_id, read_body, state
from devtelemetry_cli.server.auth import check_token
from devtelemetry_cli.server.db import connections
from devtelemetry_cli.server.responses import as_json


async def create_connection(request: Request) -> Response:
    """Make a connection."""
    state(request).tokens.check_admin(request)
    new = connections.read_connection(await read_body(request))
    return await _written(request, lambda db: connections.create(db, new), 201)


async def list_connections(request: Request) -> Response:
    """All connections."""
    served = state(request)
    served.tokens.check_admin(request)
    rows = await run_in_threadpool(served.database.read, connections.all_of_them)
    return as_json([connections.as_answer(row) for row in rows])


async def get_connection(request: Request) -> Response:
    """One connection: for the administrator, and, without its addresses, for who shows its own report token."""
    served, number = state(request), connection_id(request)
    is_admin = served.tokens.is_admin(request)
    if not (is_admin or request.headers.get("authorization")):
        served.tokens.check_admin(request)

    def look(db: Connection) -> Row[Any]:
        row = connections.get(db, number)
        if not is_admin:
            check_token([row.secret_token], request.headers.get("authorization"))
        return row

    answer = connections.as_answer(await run_in_threadpool(served.database.read, look))
    return as_json(answer if is_admin else {**answer, "endpoint": "", "proxy": ""})


async def patch_connection(request: Request) -> Response:
    """Change a connection: what is not named stays, and so does the token when it is empty or masked."""
    state(request).tokens.check_admin(request)
    number, body = connection_id(request), await read_body(request)
    return await _written(request, lambda db: connections.change(db, number, body))


async def delete_connection(request: Request) -> Response:
    """Delete a connection and all that was reported to it. Its id is never given again."""
    state(request).tokens.check_admin(request)
    number = connection_id(request)
    return await _written(request, lambda db: connections.remove(db, number))


async def _written(request: Request, work: Callable[[Connection], Row[Any]], status: int = 200) -> Response:
    row = await run_in_threadpool(state(request).database.write, work)
    return as_json(connections.as_answer(row), status)

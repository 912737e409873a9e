"""The application: routes as a list, what each does, and what a fault becomes.

Handlers are coroutines that read the body. The drivers of the databases block: reports and erasures go to
the writer's thread, each as one function from the token's check to its rows, the rest to the pool.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import Connection, literal, select
from sqlalchemy.exc import DatabaseError, DataError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from devtelemetry_cli import __version__
from devtelemetry_cli.receiver import connections, reports
from devtelemetry_cli.receiver.access import check_admin, check_token
from devtelemetry_cli.receiver.answers import RefusedError, as_json, failure, success, unknown_path
from devtelemetry_cli.receiver.database import ConflictError, Database, DatabaseBusyError
from devtelemetry_cli.receiver.decode import read_developer, read_object, read_report
from devtelemetry_cli.receiver.door import Door, Log
from devtelemetry_cli.receiver.tables import connections as connections_table
from devtelemetry_cli.receiver.writer import Writer
from devtelemetry_cli.report.metrics import anonymous_id
from devtelemetry_cli.report.read import ReportError

MAX_BODY_BYTES = 64 * 1024
CONNECTIONS = "/plugins/developer_telemetry/connections"
# DevLake's own port, the same with an API key, config-ui's proxy with and without one.
PREFIXES = ("", "/rest", "/api/rest", "/api")

_RECEIVED = success("telemetry data received successfully")


def create_app(database: Database, writer: Writer, admin: str | None, access: Log | None, fault: Log) -> FastAPI:
    """The application on an open database; `admin` is the hash of the admin token."""
    app = FastAPI(
        title="devtel",
        version=__version__,
        routes=[Route(f"{prefix}{path}", run, methods=[method]) for prefix in PREFIXES for method, path, run in ROUTES],
        middleware=[Middleware(Door, access=access, fault=fault)],
        exception_handlers=FAULTS,
        redirect_slashes=False,  # a sender never follows one
        openapi_url=None,
    )
    app.state.database = database
    app.state.writer = writer
    app.state.admin = admin
    app.state.forget_key = database.write(lambda db: reports.secret_key(db, "forget"))
    return app


async def report(request: Request) -> Response:
    """Take one day's report."""
    connection_id, body, state = _connection_id(request), await _body(request), request.app.state

    def take(db: Connection) -> None:
        _check_report_token(db, connection_id, request)
        told = read_report(body, datetime.now(UTC).date())
        reports.store(db, state.forget_key, connection_id, told)

    await state.writer.write(take)
    return _RECEIVED


async def forget(request: Request) -> Response:
    """Erase what one person reported here."""
    connection_id, body, state = _connection_id(request), await _body(request), request.app.state

    def erase(db: Connection) -> int:
        _check_report_token(db, connection_id, request, alone=True)
        person = anonymous_id(read_developer(read_object(body)))
        return reports.forget(db, state.forget_key, connection_id, person)

    deleted = await state.writer.write(erase)
    return success("all reports of this developer are erased", {"deleted": deleted})


async def create_connection(request: Request) -> Response:
    """Make a connection."""
    check_admin(request, request.app.state.admin)
    new = connections.read_connection(await _body(request))
    row = await run_in_threadpool(request.app.state.database.write, lambda db: connections.create(db, new))
    return as_json(connections.as_answer(row), 201)


async def list_connections(request: Request) -> Response:
    """All connections."""
    check_admin(request, request.app.state.admin)
    rows = await run_in_threadpool(request.app.state.database.read, connections.all_of_them)
    return as_json([connections.as_answer(row) for row in rows])


async def get_connection(request: Request) -> Response:
    """One connection."""
    check_admin(request, request.app.state.admin)
    number = _connection_id(request)
    row = await run_in_threadpool(request.app.state.database.read, lambda db: connections.get(db, number))
    return as_json(connections.as_answer(row))


async def version(_request: Request) -> Response:
    """Which devtel answers."""
    return as_json({"version": __version__})


async def alive(_request: Request) -> Response:
    """The process answers."""
    return Response()


async def ready(request: Request) -> Response:
    """Reports can be kept: the tables are there and can be read."""
    one = select(literal(1)).select_from(connections_table).limit(1)
    try:
        await run_in_threadpool(request.app.state.database.read, lambda db: db.execute(one).all())
    except DatabaseError:
        return failure(503, "the database does not have its tables")
    return Response()


ROUTES: tuple[tuple[str, str, Callable[[Request], Any]], ...] = (
    ("POST", f"{CONNECTIONS}/{{id}}/report", report),
    ("POST", f"{CONNECTIONS}/{{id}}/forget", forget),
    ("GET", f"{CONNECTIONS}/{{id}}", get_connection),
    ("GET", CONNECTIONS, list_connections),
    ("POST", CONNECTIONS, create_connection),
    ("GET", "/version", version),
    ("GET", "/ping", alive),
    ("GET", "/healthz", alive),
    ("GET", "/readyz", ready),
)


def _connection_id(request: Request) -> int:
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise RefusedError(400, "the connection id in the path is not a number")
    return int(text)


async def _body(request: Request) -> bytes:
    """The body; RefusedError 415 for a compressed one, 413 as soon as it is known to be too large."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise RefusedError(415, "a compressed body is not read here")
    too_large = RefusedError(413, f"the body is larger than {MAX_BODY_BYTES} bytes")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large
    return bytes(body)


def _check_report_token(db: Connection, connection_id: int, request: Request, alone: bool = False) -> None:
    if stored := connections.token_hash(db, connection_id, alone):
        check_token(stored, request.headers.get("authorization"))


async def _on_refused(_request: Request, error: RefusedError) -> Response:
    return failure(error.status, error.message)


async def _on_bad_report(_request: Request, error: ReportError) -> Response:
    return failure(400, str(error))


async def _on_database_away(_request: Request, _error: Exception) -> Response:
    return failure(503, "the database is busy or away, try again")


async def _on_misfit(_request: Request, _error: Exception) -> Response:
    return failure(400, "a value does not fit the database")


async def _on_unknown(_request: Request, _error: Exception) -> Response:
    """DevLake's router knows no 405: a wrong method is a path that is not there."""
    return unknown_path()


FAULTS: dict[int | type[Exception], Callable[[Request, Any], Any]] = {
    RefusedError: _on_refused,
    ReportError: _on_bad_report,
    OperationalError: _on_database_away,
    InterfaceError: _on_database_away,
    PoolTimeoutError: _on_database_away,
    DatabaseBusyError: _on_database_away,
    ConflictError: _on_database_away,
    InternalError: _on_database_away,
    DataError: _on_misfit,
    HTTPException: _on_unknown,
}

"""The application: routes, middleware, and the answer to each kind of error."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from devtelemetry_cli import __version__
from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.api.dependencies import AppState
from devtelemetry_cli.server.api.routes import routes
from devtelemetry_cli.server.db.database import ConflictError, DatabaseBusyError
from devtelemetry_cli.server.logs import Access, Log
from devtelemetry_cli.server.middleware import AccessLogMiddleware
from devtelemetry_cli.server.responses import RefusedError, failure, unknown_path


def create_app(app_state: AppState, access: Access | None, fault: Log) -> FastAPI:
    """The ASGI application; `access` is called for each request, `fault` with each traceback."""
    app = FastAPI(
        title="devtel",
        version=__version__,
        routes=routes(),
        middleware=[Middleware(AccessLogMiddleware, metrics=app_state.metrics, access=access, fault=fault)],
        exception_handlers=FAULTS,
        redirect_slashes=False,  # clients never follow one
        openapi_url=None,  # routes.py serves its own
    )
    app.state.app_state = app_state
    return app


async def _on_refused(_request: Request, error: RefusedError) -> Response:
    return failure(error.status, error.message, error.retry_after)


async def _on_bad_report(_request: Request, error: ReportError) -> Response:
    return failure(400, str(error))


async def _on_unavailable(_request: Request, _error: Exception) -> Response:
    return failure(503, "the database is busy or unavailable, try again")


async def _on_data_error(_request: Request, _error: Exception) -> Response:
    return failure(400, "a value does not fit the database")


async def _on_wrong_query(_request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    return failure(400, f"{first['loc'][-1]}: {first['msg']}")


async def _on_unknown(_request: Request, _error: Exception) -> Response:
    """DevLake's router has no 405: a wrong method is an unknown path."""
    return unknown_path()


FAULTS: dict[int | type[Exception], Callable[[Request, Any], Any]] = {
    RefusedError: _on_refused,
    ReportError: _on_bad_report,
    OperationalError: _on_unavailable,
    InterfaceError: _on_unavailable,
    PoolTimeoutError: _on_unavailable,
    DatabaseBusyError: _on_unavailable,
    ConflictError: _on_unavailable,
    InternalError: _on_unavailable,
    DataError: _on_data_error,
    RequestValidationError: _on_wrong_query,
    HTTPException: _on_unknown,
}

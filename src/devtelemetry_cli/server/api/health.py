"""Version, liveness, readiness and metrics, for operators, proxies and Prometheus."""

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import literal, select
from sqlalchemy.exc import DatabaseError

from devtelemetry_cli import __version__
from devtelemetry_cli.server.api.dependencies import state
from devtelemetry_cli.server.db.tables import connections
from devtelemetry_cli.server.responses import as_json, failure


async def version(_request: Request) -> Response:
    """The version of this server."""
    return as_json({"version": __version__})


async def ping(_request: Request) -> Response:
    """The process is alive."""
    return Response(media_type="text/plain")


async def healthz(_request: Request) -> Response:
    """The process is alive."""
    return Response(media_type="text/plain")


async def readyz(request: Request) -> Response:
    """Reports can be stored: the tables exist and can be read."""
    one = select(literal(1)).select_from(connections).limit(1)
    try:
        await run_in_threadpool(state(request).database.read, lambda db: db.execute(one).all())
    except DatabaseError:
        return failure(503, "the database is unavailable, or does not have its tables")
    return Response(media_type="text/plain")


async def metrics(request: Request) -> Response:
    """Counters for Prometheus, of all workers together. For the view token."""
    app_state = state(request)
    app_state.tokens.check_view(request)
    text, kind = await run_in_threadpool(app_state.metrics.render)
    return Response(text, media_type=kind)

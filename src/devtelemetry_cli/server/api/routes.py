"""Every path of ours, as a list, and the OpenAPI description that the framework makes of it."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from devtelemetry_cli import __version__
from devtelemetry_cli.server.api import connections, docs, health, reports, rows, team
from devtelemetry_cli.server.api import openapi as shapes
from devtelemetry_cli.server.responses import as_json

PLUGIN = "/plugins/developer_telemetry"
CONNECTIONS = f"{PLUGIN}/connections"
ONE = f"{CONNECTIONS}/{{id}}"
READING = "/devtel/v1"
# DevLake's own port, the same with an API key, config-ui's proxy with and without one.
PREFIXES = ("", "/rest", "/api/rest", "/api")


class Path(NamedTuple):
    """One path and what happens there; `told` is what the description adds to what the handler says."""

    method: str
    path: str
    run: Callable[..., Any]
    told: dict[str, Any]


async def openapi(_request: Request) -> Response:
    """Describe every path, for tools and people (OpenAPI)."""
    return as_json(description())


PATHS = (
    Path("POST", f"{ONE}/report", reports.report, shapes.takes(shapes.REPORT, shapes.ENVELOPE)),
    Path("POST", f"{ONE}/forget", reports.forget, shapes.takes(shapes.FORGET, shapes.ENVELOPE)),
    Path("POST", f"{ONE}/test", reports.test_connection, shapes.takes(shapes.TEST, shapes.ENVELOPE)),
    Path("GET", ONE, connections.get_connection, shapes.gives(shapes.CONNECTION)),
    Path("PATCH", ONE, connections.patch_connection, shapes.takes(shapes.NEW, shapes.CONNECTION)),
    Path("DELETE", ONE, connections.delete_connection, shapes.gives(shapes.CONNECTION)),
    Path("GET", CONNECTIONS, connections.list_connections, shapes.gives(shapes.many(shapes.CONNECTION))),
    Path("POST", CONNECTIONS, connections.create_connection, shapes.takes(shapes.NEW, shapes.CONNECTION, 201)),
    Path("GET", f"{READING}/daily-metrics", rows.daily_metrics, shapes.gives(shapes.DAILY)),
    Path("GET", f"{READING}/daily-metrics.csv", rows.daily_metrics_csv, shapes.CSV),
    Path("GET", f"{READING}/target-metrics", rows.target_metrics, shapes.gives(shapes.TARGETS)),
    Path("GET", f"{READING}/target-metrics.csv", rows.target_metrics_csv, shapes.CSV),
    Path("GET", f"{READING}/team-metrics", team.team_metrics, shapes.gives(shapes.TEAM)),
    Path("GET", f"{READING}/team-metrics.csv", team.team_metrics_csv, shapes.CSV),
    Path("GET", "/version", health.version, shapes.gives(shapes.VERSION)),
    Path("GET", "/ping", health.ping, shapes.NOTHING),
    Path("GET", "/healthz", health.healthz, shapes.NOTHING),
    Path("GET", "/readyz", health.readyz, shapes.NOTHING),
    Path("GET", "/metrics", health.metrics, shapes.TEXT),
    Path("GET", "/openapi.json", openapi, shapes.gives(shapes.ANY)),
)

# For people: not of the API, and under no prefix of DevLake's.
PAGES = (
    ("GET", "/", team.overview_page),
    ("GET", "/target", team.target_page),
    ("POST", "/login", team.login),
    ("POST", "/logout", team.logout),
    ("GET", "/style.css", team.style),
    ("GET", "/docs", docs.docs),
    ("GET", "/docs/{file}", docs.part),
)


def routes() -> list[BaseRoute]:
    """What the application serves: under every prefix, by the framework's own machinery only what has parameters."""
    api = [_route(prefix, path) for prefix in PREFIXES for path in PATHS]
    return [*api, *(Route(path, run, methods=[method]) for method, path, run in PAGES)]


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    documented = [
        APIRoute(path.path, path.run, methods=[path.method], response_model=None, **path.told) for path in PATHS
    ]
    made = get_openapi(title="devtel", version=__version__, summary="The report endpoint.", routes=documented)
    made["components"] = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    made["security"] = [{"token": []}, {}]
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
    for path, methods in made["paths"].items():
        for operation in methods.values():
            if "{id}" in path:
                operation["parameters"] = [number]
            operation["responses"].pop("422", None)  # ours is 400, in the envelope
    return made


def _route(prefix: str, path: Path) -> BaseRoute:
    where = f"{prefix}{path.path}"
    if path.path.startswith(READING):
        return APIRoute(where, path.run, methods=[path.method], response_model=None)
    return Route(where, path.run, methods=[path.method])

"""All paths as a list, and their OpenAPI description."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from devtelemetry_cli import __version__
from devtelemetry_cli.server.api import connections, docs, health, openapi, reports, rows, team
from devtelemetry_cli.server.responses import as_json

PLUGIN = "/plugins/developer_telemetry"
CONNECTIONS = f"{PLUGIN}/connections"
ONE = f"{CONNECTIONS}/{{id}}"
READING = "/devtel/v1"
# DevLake's own port, the same with an API key, config-ui's proxy with and without one.
PREFIXES = ("", "/rest", "/api/rest", "/api")


class Path(NamedTuple):
    """One path and its handler; `described` completes the handler's description."""

    method: str
    path: str
    run: Callable[..., Any]
    described: dict[str, Any]


async def description_of_api(_request: Request) -> Response:
    """The description of all paths (OpenAPI)."""
    return as_json(description())


PATHS = (
    Path("POST", f"{ONE}/report", reports.report, openapi.takes(openapi.REPORT, openapi.ENVELOPE)),
    Path("POST", f"{ONE}/forget", reports.forget, openapi.takes(openapi.FORGET, openapi.ENVELOPE)),
    Path("POST", f"{ONE}/test", reports.test_connection, openapi.takes(openapi.TEST, openapi.ENVELOPE)),
    Path("GET", ONE, connections.get_connection, openapi.gives(openapi.CONNECTION)),
    Path("PATCH", ONE, connections.patch_connection, openapi.takes(openapi.NEW, openapi.CONNECTION)),
    Path("DELETE", ONE, connections.delete_connection, openapi.gives(openapi.CONNECTION)),
    Path("GET", CONNECTIONS, connections.list_connections, openapi.gives(openapi.many(openapi.CONNECTION))),
    Path("POST", CONNECTIONS, connections.create_connection, openapi.takes(openapi.NEW, openapi.CONNECTION, 201)),
    Path("GET", f"{READING}/daily-metrics", rows.daily_metrics, openapi.gives(openapi.DAILY)),
    Path("GET", f"{READING}/daily-metrics.csv", rows.daily_metrics_csv, openapi.CSV),
    Path("GET", f"{READING}/target-metrics", rows.target_metrics, openapi.gives(openapi.TARGETS)),
    Path("GET", f"{READING}/target-metrics.csv", rows.target_metrics_csv, openapi.CSV),
    Path("GET", f"{READING}/team-metrics", team.team_metrics, openapi.gives(openapi.TEAM)),
    Path("GET", f"{READING}/team-metrics.csv", team.team_metrics_csv, openapi.CSV),
    Path("GET", "/version", health.version, openapi.gives(openapi.VERSION)),
    Path("GET", "/ping", health.ping, openapi.NOTHING),
    Path("GET", "/healthz", health.healthz, openapi.NOTHING),
    Path("GET", "/readyz", health.readyz, openapi.NOTHING),
    Path("GET", "/metrics", health.metrics, openapi.TEXT),
    Path("GET", "/openapi.json", description_of_api, openapi.gives(openapi.ANY)),
)

# Pages for people: not part of the API, and under no prefix of DevLake's.
PAGES = (
    ("GET", "/", team.overview_page),
    ("GET", "/target", team.target_page),
    ("POST", "/login", team.login),
    ("POST", "/logout", team.logout),
    ("GET", "/style.css", team.style),
    ("GET", "/docs", docs.docs),
    ("GET", "/docs/{file}", docs.file),
)


def routes() -> list[BaseRoute]:
    """The routes of the application, under every prefix. The framework parses only query parameters."""
    api = [_route(prefix, path) for prefix in PREFIXES for path in PATHS]
    return [*api, *(Route(path, run, methods=[method]) for method, path, run in PAGES)]


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    documented = [
        APIRoute(path.path, path.run, methods=[path.method], response_model=None, **path.described) for path in PATHS
    ]
    made = get_openapi(title="devtel", version=__version__, summary="The report endpoint.", routes=documented)
    made["components"] = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    made["security"] = [{"token": []}, {}]
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
    for path, methods in made["paths"].items():
        for operation in methods.values():
            if "{id}" in path:
                operation["parameters"] = [number]
            operation["responses"].pop("422", None)  # answered as 400, in the envelope
    return made


def _route(prefix: str, path: Path) -> BaseRoute:
    where = f"{prefix}{path.path}"
    if path.path.startswith(READING):
        return APIRoute(where, path.run, methods=[path.method], response_model=None)
    return Route(where, path.run, methods=[path.method])

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
from devtelemetry_cli.server.api import (
    adoption,
    connections,
    digest,
    docs,
    events,
    health,
    machines,
    openapi,
    reports,
    rows,
    team,
    team_metrics,
)
from devtelemetry_cli.server.api.team import CONNECTIONS
from devtelemetry_cli.server.responses import as_json

ONE = f"{CONNECTIONS}/{{id}}"
READING = "/devtel/v1"
# DevLake's own port, the same with an API key, config-ui's proxy with and without one.
PREFIXES = ("", "/rest", "/api/rest", "/api")


class Path(NamedTuple):
    """One path and its handler; `described` completes the handler's description."""

    method: str
    path: str
    run: Callable[..., Any]
    group: str
    described: dict[str, Any]


async def description_of_api(_request: Request) -> Response:
    """The description of all paths (OpenAPI)."""
    return as_json(description())


REPORTING, ADMINISTRATION = "Reporting", "Administration of connections"
TEAM, ROWS, SERVER = "The team's figures", "Rows of single developers", "The server"

PATHS = (
    Path("POST", f"{ONE}/report", reports.report, REPORTING, openapi.takes(openapi.REPORT, openapi.ENVELOPE)),
    Path("POST", f"{ONE}/forget", reports.forget, REPORTING, openapi.takes(openapi.FORGET, openapi.ENVELOPE)),
    Path("POST", f"{ONE}/test", reports.test_connection, REPORTING, openapi.takes(openapi.TEST, openapi.ENVELOPE)),
    Path("GET", ONE, connections.get_connection, REPORTING, openapi.gives(openapi.CONNECTION)),
    Path("PATCH", ONE, connections.patch_connection, ADMINISTRATION, openapi.takes(openapi.CHANGE, openapi.CONNECTION)),
    Path("DELETE", ONE, connections.delete_connection, ADMINISTRATION, openapi.gives(openapi.CONNECTION)),
    Path(
        "GET",
        CONNECTIONS,
        connections.list_connections,
        ADMINISTRATION,
        openapi.gives(openapi.many(openapi.CONNECTION)),
    ),
    Path(
        "POST",
        CONNECTIONS,
        connections.create_connection,
        ADMINISTRATION,
        openapi.takes(openapi.NEW, openapi.CONNECTION, 201),
    ),
    Path("GET", f"{READING}/team-metrics", team_metrics.team_metrics, TEAM, openapi.gives(openapi.TEAM)),
    Path("GET", f"{READING}/team-metrics.csv", team_metrics.team_metrics_csv, TEAM, openapi.CSV),
    Path("GET", f"{READING}/projects", team_metrics.projects, TEAM, openapi.gives(openapi.PROJECTS)),
    Path("GET", f"{READING}/adoption", adoption.adoption, TEAM, openapi.gives(openapi.ADOPTION)),
    Path("GET", f"{READING}/events", events.list_events, TEAM, openapi.gives(openapi.EVENTS)),
    Path("POST", f"{READING}/events", events.create_event, TEAM, openapi.takes(openapi.NEW_EVENT, openapi.EVENT, 201)),
    Path("DELETE", f"{READING}/events/{{id}}", events.delete_event, TEAM, openapi.gives(openapi.EVENT)),
    Path("GET", f"{READING}/machines", machines.machines, TEAM, openapi.gives(openapi.MACHINES)),
    Path("GET", f"{READING}/digest", digest.digest, TEAM, openapi.gives(openapi.DIGEST)),
    Path("GET", f"{READING}/daily-metrics", rows.daily_metrics, ROWS, openapi.gives(openapi.DAILY)),
    Path("GET", f"{READING}/daily-metrics.csv", rows.daily_metrics_csv, ROWS, openapi.CSV),
    Path("GET", f"{READING}/target-metrics", rows.target_metrics, ROWS, openapi.gives(openapi.TARGETS)),
    Path("GET", f"{READING}/target-metrics.csv", rows.target_metrics_csv, ROWS, openapi.CSV),
    Path("GET", "/version", health.version, SERVER, openapi.gives(openapi.VERSION)),
    Path("GET", "/ping", health.ping, SERVER, openapi.NOTHING),
    Path("GET", "/healthz", health.healthz, SERVER, openapi.NOTHING),
    Path("GET", "/readyz", health.readyz, SERVER, openapi.NOTHING),
    Path("GET", "/metrics", health.metrics, SERVER, openapi.TEXT),
    Path("GET", "/metrics/team", digest.digest_metrics, SERVER, openapi.TEXT),
    Path("GET", "/openapi.json", description_of_api, SERVER, openapi.gives(openapi.ANY)),
)

# Pages for people: not part of the API, and under no prefix of DevLake's.
PAGES = (
    ("GET", "/", team.overview_page),
    ("GET", "/target", team.target_page),
    ("GET", "/machines", machines.all_machines_page),
    ("GET", "/adoption", adoption.adoption_page),
    ("GET", "/events", events.all_events_page),
    ("POST", "/events", events.note_event),
    ("POST", "/events/delete", events.withdraw_event),
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
        APIRoute(
            path.path,
            path.run,
            methods=[path.method],
            response_model=None,
            tags=[path.group],
            summary=_summary(path.run),
            **path.described,
        )
        for path in PATHS
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


def _summary(handler: Callable[..., Any]) -> str:
    """The first line of the handler's docstring."""
    return (handler.__doc__ or "").partition("\n")[0].rstrip(".")


def _route(prefix: str, path: Path) -> BaseRoute:
    where = f"{prefix}{path.path}"
    if path.method == "GET" and path.path.startswith(READING):
        return APIRoute(where, path.run, methods=[path.method, "HEAD"], response_model=None)
    return Route(where, path.run, methods=[path.method])

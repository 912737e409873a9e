"""Published cells and their projects as JSON and CSV. For the view token, a browser's session, or this machine."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from devtelemetry_cli.server.api import csv_export
from devtelemetry_cli.server.api.dependencies import check_viewer, state
from devtelemetry_cli.server.api.rows import ConnectionId, Number, Size, Text
from devtelemetry_cli.server.responses import PRIVATE, RefusedError, as_json, if_changed
from devtelemetry_cli.server.team import cells
from devtelemetry_cli.server.team.cells import CellFilter, monday
from devtelemetry_cli.server.team.rows import FIELDS, rows

EARLIEST = date(2000, 1, 1)

First = Annotated[date | None, Query(alias="from", description="a day of the first week")]
Last = Annotated[date | None, Query(alias="to", description="a day of the last week")]


def filtered(
    connection: ConnectionId = None, project: Text = None, target: Text = None, first: First = None, last: Last = None
) -> CellFilter:
    """The query's filters. RefusedError 400 for an invalid span."""
    return CellFilter(project, target, *weeks(first or EARLIEST, last or today()), connection)


Wanted = Annotated[CellFilter, Depends(filtered)]


async def team_metrics(request: Request, wanted: Wanted, page: Number = 1, size: Size = 1000) -> Response:
    """A page of the cost of each target per week; every row covers at least k developers."""
    await check_viewer(request)
    k = state(request).k
    count, found = await run_in_threadpool(state(request).database.read, cells.read_page(wanted, k, page, size))
    body = {"count": count, "page": page, "pageSize": size, "minDevelopers": k, "rows": rows(found, k)}
    return if_changed(request, as_json(body))


async def team_metrics_csv(request: Request, wanted: Wanted) -> Response:
    """The cost of each target per week as CSV, all rows."""
    await check_viewer(request)
    k = state(request).k
    _, found = await run_in_threadpool(state(request).database.read, cells.read_page(wanted, k, 1, None))
    text = csv_export.lines([dict(zip(FIELDS, FIELDS, strict=True)), *rows(found, k)], FIELDS)
    headers = PRIVATE | {"Content-Disposition": 'attachment; filename="devtel-team-metrics.csv"'}
    return if_changed(request, Response(text, media_type="text/csv; charset=utf-8", headers=headers))


async def projects(request: Request, connection: ConnectionId = None, page: Number = 1, size: Size = 1000) -> Response:
    """A page of the projects with published rows, by name; an empty name stands for reports without a project."""
    await check_viewer(request)
    k = state(request).k
    found = await run_in_threadpool(state(request).database.read, lambda db: cells.projects(db, k, connection))
    shown = found[(page - 1) * size : page * size]
    body = {"count": len(found), "page": page, "pageSize": size, "minDevelopers": k, "rows": shown}
    return if_changed(request, as_json(body))


def weeks(first: date, last: date) -> tuple[date, date]:
    """The Mondays of the first and the last week. RefusedError 400 for an invalid span."""
    if first > last:
        raise RefusedError(400, "the first day is after the last")
    if first < EARLIEST or last > today() + timedelta(days=366):
        raise RefusedError(400, f"days from {EARLIEST} until today are expected")
    return monday(first), monday(last)


def today() -> date:
    """The date in UTC."""
    return datetime.now(UTC).date()

"""Single developers' rows: in pages as JSON, and all of them as CSV. For the administrator only (db/queries.py)."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from devtelemetry_cli.server.api import csv_export
from devtelemetry_cli.server.api.dependencies import state
from devtelemetry_cli.server.db import queries
from devtelemetry_cli.server.db.queries import KEYS, KINDS, RowFilter
from devtelemetry_cli.server.responses import PRIVATE, as_json

MAX_PAGE = 1000
Text = Annotated[str | None, Query(max_length=255)]
ConnectionId = Annotated[int | None, Query(ge=0, lt=2**63)]


def filtered(
    connection: ConnectionId = None,
    project: Text = None,
    target: Text = None,
    first: Annotated[date | None, Query(alias="from", description="the first day")] = None,
    last: Annotated[date | None, Query(alias="to", description="the last day")] = None,
) -> RowFilter:
    """The query's filters."""
    return RowFilter(connection, project, target, first, last)


Wanted = Annotated[RowFilter, Depends(filtered)]
Number = Annotated[int, Query(ge=1, le=10**9)]
Size = Annotated[int, Query(alias="pageSize", ge=1, le=MAX_PAGE)]


async def daily_metrics(request: Request, wanted: Wanted, page: Number = 1, size: Size = 100) -> Response:
    """A page of metrics per developer and day, oldest first."""
    return await _page(request, "daily", wanted, page, size)


async def target_metrics(request: Request, wanted: Wanted, page: Number = 1, size: Size = 100) -> Response:
    """A page of targets' metrics per developer and day, oldest first."""
    return await _page(request, "targets", wanted, page, size)


async def daily_metrics_csv(request: Request, wanted: Wanted) -> Response:
    """All metrics per developer and day, as CSV."""
    return await _csv(request, "daily", wanted)


async def target_metrics_csv(request: Request, wanted: Wanted) -> Response:
    """All targets' metrics per developer and day, as CSV."""
    return await _csv(request, "targets", wanted)


async def _page(request: Request, kind: str, wanted: RowFilter, page: int, size: int) -> Response:
    app_state = state(request)
    app_state.tokens.check_admin(request)
    found = queries.page(KINDS[kind], app_state.pseudonym_key, wanted, page, size)
    return as_json(await run_in_threadpool(app_state.database.read, found))


async def _csv(request: Request, kind: str, wanted: RowFilter) -> Response:
    app_state = state(request)
    app_state.tokens.check_admin(request)
    # The days are read before the answer begins: after that, an error could only cut it.
    days = await run_in_threadpool(app_state.database.read, lambda db: KINDS[kind].days(db, wanted))
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="devtel-{kind}.csv"'}
    return StreamingResponse(_days(request, kind, wanted, days), media_type="text/csv; charset=utf-8", headers=headers)


async def _days(request: Request, kind: str, wanted: RowFilter, days: list[date]) -> AsyncIterator[str]:
    """A day at a time, in a transaction of its own: a slow reader holds no lock."""
    app_state, fields = state(request), (*KEYS, *KINDS[kind].fields)
    yield csv_export.lines([dict(zip(fields, fields, strict=True))], fields)
    for day in days:
        found = queries.of_day(KINDS[kind], app_state.pseudonym_key, wanted, day)
        yield csv_export.lines(await run_in_threadpool(app_state.database.read, found), fields)

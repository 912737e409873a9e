"""Reading: pages of rows as JSON, and all of them as CSV. For the administrator only (reading.py says why)."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from devtelemetry_cli.server.api import csv_export
from devtelemetry_cli.server.api.dependencies import state
from devtelemetry_cli.server.db import queries
from devtelemetry_cli.server.db.queries import KEYS, KINDS, Filter
from devtelemetry_cli.server.responses import as_json

MAX_PAGE = 1000
Text = Annotated[str | None, Query(max_length=255)]


def filtered(
    connection: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    project: Text = None,
    target: Text = None,
    first: Annotated[date | None, Query(alias="from", description="the first day")] = None,
    last: Annotated[date | None, Query(alias="to", description="the last day")] = None,
) -> Filter:
    """The query's filters."""
    return Filter(connection, project, target, first, last)


Wanted = Annotated[Filter, Depends(filtered)]
Number = Annotated[int, Query(ge=1, le=10**9)]
Size = Annotated[int, Query(alias="pageSize", ge=1, le=MAX_PAGE)]


async def daily_metrics(request: Request, wanted: Wanted, page: Number = 1, size: Size = 100) -> Response:
    """A page of developers' days, oldest first."""
    return await _page(request, "daily", wanted, page, size)


async def target_metrics(request: Request, wanted: Wanted, page: Number = 1, size: Size = 100) -> Response:
    """A page of what single targets cost on developers' days, oldest first."""
    return await _page(request, "targets", wanted, page, size)


async def daily_metrics_csv(request: Request, wanted: Wanted) -> Response:
    """All developers' days, as CSV."""
    return await _csv(request, "daily", wanted)


async def target_metrics_csv(request: Request, wanted: Wanted) -> Response:
    """All targets of developers' days, as CSV."""
    return await _csv(request, "targets", wanted)


async def _page(request: Request, kind: str, wanted: Filter, page: int, size: int) -> Response:
    served = state(request)
    served.tokens.check_admin(request)
    found = queries.page(KINDS[kind], served.pseudonym_key, wanted, page, size)
    return as_json(await run_in_threadpool(served.database.read, found))


async def _csv(request: Request, kind: str, wanted: Filter) -> Response:
    served = state(request)
    served.tokens.check_admin(request)
    # The days are read before the answer begins, which after that could only be cut.
    days = await run_in_threadpool(served.database.read, lambda db: KINDS[kind].days(db, wanted))
    name = f'attachment; filename="devtel-{kind}.csv"'
    return StreamingResponse(
        _days(request, kind, wanted, days), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
    )


async def _days(request: Request, kind: str, wanted: Filter, days: list[date]) -> AsyncIterator[str]:
    """A day at a time, in a transaction of its own: a slow reader holds nothing."""
    served, fields = state(request), (*KEYS, *KINDS[kind].fields)
    yield csv_export.lines([dict(zip(fields, fields, strict=True))], fields)
    for day in days:
        found = queries.of_day(KINDS[kind], served.pseudonym_key, wanted, day)
        yield csv_export.lines(await run_in_threadpool(served.database.read, found), fields)

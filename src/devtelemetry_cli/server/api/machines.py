"""Kinds of machines, as JSON and, with checkouts, as a page. For the view token, a session, or this machine."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from devtelemetry_cli.server.api.dependencies import AppState, check_viewer, state
from devtelemetry_cli.server.api.team import PageError, serve_page
from devtelemetry_cli.server.api.team_metrics import EARLIEST, First, Last, today, weeks
from devtelemetry_cli.server.responses import as_json, if_changed
from devtelemetry_cli.server.team import cells, machines_page, profile
from devtelemetry_cli.server.team.checkouts import by_age, by_branch
from devtelemetry_cli.server.team.machines import Kind, over_weeks, together
from devtelemetry_cli.server.team.pages import PageContext
from devtelemetry_cli.server.team.profile import WeekProfile


async def machines(request: Request, first: First = None, last: Last = None) -> Response:
    """Each kind of machine: developers, and durations and failures against those of the same targets."""
    await check_viewer(request)
    k, span = state(request).k, weeks(first or EARLIEST, last or today())
    found = await run_in_threadpool(state(request).database.read, profile.read(*span, k))
    rows = [_to_json(one) for one in _kinds(found)]
    return if_changed(request, as_json({"minDevelopers": k, "count": len(rows), "rows": rows}))


async def all_machines_page(request: Request) -> Response:
    """The page about machines and checkouts."""
    return await serve_page(request, _page)


def _page(_request: Request, app_state: AppState, context: PageContext) -> str:
    wanted, k = context.wanted, app_state.k
    found = app_state.database.read(cells.read(wanted, k))
    if wanted.project is not None and wanted.project not in found.projects:
        raise PageError(404, "Unknown project", "No project of that name has enough developers to be shown.")
    kinds = _kinds(app_state.database.read(profile.read(wanted.first, wanted.last, k)))
    return machines_page.page(kinds, by_branch(found.cells), by_age(found.cells), found.projects, context)


def _kinds(found: Iterable[WeekProfile]) -> list[Kind]:
    """The kinds of all connections and weeks, those with the most developers first."""
    by_week: dict[tuple[date, Any], list[Kind]] = {}
    for one in found:
        for kind in one.profile.machines:
            by_week.setdefault((one.week.monday, kind.machine), []).append(kind)
    by_machine: dict[Any, list[Kind]] = {}
    for (_, machine), some in by_week.items():
        by_machine.setdefault(machine, []).append(together(some))
    return sorted(map(over_weeks, by_machine.values()), key=lambda it: (-it.developers, it.machine))


def _to_json(kind: Kind) -> dict[str, Any]:
    return {
        "platform": kind.machine.platform,
        "memory_gib": kind.machine.memory_gib,
        "cores": kind.machine.cores,
        "developers": kind.developers,
        "duration_ratio": kind.duration_ratio,
        "failure_ratio": kind.failure_ratio,
    }

"""A week in short, as JSON for `devtel digest` and as Prometheus metrics. For the view token, or this machine."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import Connection

from devtelemetry_cli.server.api.dependencies import check_viewer, state
from devtelemetry_cli.server.api.rows import Text
from devtelemetry_cli.server.api.team_metrics import today, weeks
from devtelemetry_cli.server.db import events
from devtelemetry_cli.server.responses import RefusedError, as_json, if_changed
from devtelemetry_cli.server.team import cells, exposition, profile
from devtelemetry_cli.server.team.adoption import Adoption, adoption
from devtelemetry_cli.server.team.cells import CellFilter, CellResult
from devtelemetry_cli.server.team.comparison import Change
from devtelemetry_cli.server.team.digest import Digest, last_week, span_of
from devtelemetry_cli.server.team.digest import digest as of_cells
from devtelemetry_cli.server.team.profile import WeekProfile
from devtelemetry_cli.server.team.rows import figures

MOST_CHANGES, MOST_TARGETS = 20, 10
ADOPTION_WEEKS = 15  # reports of older weeks are published no more

AnyDay = Annotated[date | None, Query(description="a day of the week; the last whole week without")]


async def digest(request: Request, week: AnyDay = None, project: Text = None) -> Response:
    """The figures of a week, the targets that became slower, faster, more fragile or more robust, and the costliest."""
    await check_viewer(request)
    first_day = last_week(today()) if week is None else weeks(week, week)[0]
    if first_day > last_week(today()):
        raise RefusedError(400, "the week is not over yet")
    found, profiles = await run_in_threadpool(_read, request, first_day, project)
    week_events = events.read(first_day, first_day + timedelta(days=6), project)
    noted = await run_in_threadpool(state(request).database.read, week_events)
    if project is not None and project not in found.projects:
        raise RefusedError(404, "no such project has published rows")
    shown = of_cells(found, state(request).k, first_day)
    body = {"minDevelopers": state(request).k, "project": project, **_digest(shown), **_adoption(profiles)}
    body["events"] = [events.to_json(one) for one in noted]
    return if_changed(request, as_json(body))


async def digest_metrics(request: Request) -> Response:
    """The figures of the last whole week for Prometheus."""
    await check_viewer(request)
    week = last_week(today())
    found, profiles = await run_in_threadpool(_read, request, week, None)
    text, kind = exposition.render(of_cells(found, state(request).k, week), profiles)
    return Response(text, media_type=kind)


def _read(request: Request, week: date, project: str | None) -> tuple[CellResult, Adoption]:
    """The cells of the week and of those before, from the cache, since Prometheus asks often; and the adoption."""
    app_state, k, now = state(request), state(request).k, today()
    wanted = CellFilter(project, None, *span_of(week))
    since = cells.monday(now) - timedelta(weeks=ADOPTION_WEEKS)

    def read(db: Connection) -> tuple[CellResult, list[WeekProfile]]:
        found = cells.result(db, wanted, k, app_state.cells.read(db, wanted, k))
        return found, profile.read(since, now, k)(db)

    found, profiles = app_state.database.read(read)
    return found, adoption(profiles, now)


def _digest(shown: Digest) -> dict[str, Any]:
    changes = shown.changes
    lists = {
        "slower": changes.slower,
        "faster": changes.faster,
        "fragile": changes.fragile,
        "robust": changes.robust,
    }
    return {
        "week": changes.week.isoformat(),
        "until": (changes.week + timedelta(days=6)).isoformat(),
        "hasFigures": changes.has_week,
        "weeksBefore": changes.weeks_before,
        "compared": changes.compared,
        "developers": shown.developers,
        "totals": figures(shown.totals),
        "waitedSecondsBefore": shown.waited_before and round(shown.waited_before, 3),
        "targets": [
            {"project": it.project, "target": it.target, "developers": it.developers, **figures(it.totals)}
            for it in shown.targets[:MOST_TARGETS]
        ],
        "changed": {name: len(some) for name, some in lists.items()},
        **{name: [_change(it) for it in some[:MOST_CHANGES]] for name, some in lists.items()},
    }


def _change(it: Change) -> dict[str, Any]:
    return {
        "project": it.project,
        "target": it.target,
        "before": figures(it.before),
        "now": figures(it.now),
        "low": round(it.low, 4),
        "high": round(it.high, 4),
        "cost_seconds": round(it.cost, 3),
    }


def _adoption(shown: Adoption) -> dict[str, Any]:
    return {
        "lastReport": shown.since and shown.since.isoformat(),
        "waitingReports": sum(it.reports for it in shown.waiting),
    }

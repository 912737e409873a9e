"""How devtel is taken up, as a page and as JSON. For the view token, a browser's session, or this machine."""

from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from devtelemetry_cli.server.api.dependencies import AppState, check_viewer, state
from devtelemetry_cli.server.api.team import report_urls, serve_page
from devtelemetry_cli.server.api.team_metrics import EARLIEST, First, Last, today, weeks
from devtelemetry_cli.server.responses import as_json, if_changed
from devtelemetry_cli.server.team import adoption_page as view
from devtelemetry_cli.server.team import profile
from devtelemetry_cli.server.team.adoption import Adoption
from devtelemetry_cli.server.team.adoption import adoption as of_profiles
from devtelemetry_cli.server.team.pages import PageContext


async def adoption(request: Request, first: First = None, last: Last = None) -> Response:
    """Developers who report per week, their versions, the last report, and the reports that wait."""
    await check_viewer(request)
    k, span = state(request).k, weeks(first or EARLIEST, last or today())
    found = await run_in_threadpool(state(request).database.read, profile.read(*span, k))
    return if_changed(request, as_json(to_json(of_profiles(found, today()), k)))


async def adoption_page(request: Request) -> Response:
    """The adoption page."""
    return await serve_page(request, _page)


def to_json(shown: Adoption, k: int) -> dict[str, Any]:
    """The adoption as it is answered."""
    return {
        "minDevelopers": k,
        "lastReport": shown.since and shown.since.isoformat(),
        "weeks": [{"week": one.monday.isoformat(), "developers": one.developers} for one in shown.weeks],
        "versions": {"week": shown.versions_week and shown.versions_week.isoformat(), **shown.versions},
        "waiting": [
            {
                "week": one.week.isoformat(),
                "developers": one.developers,
                "reports": one.reports,
                "until": one.until.isoformat(),
            }
            for one in shown.waiting
        ],
    }


def _page(request: Request, app_state: AppState, context: PageContext) -> str:
    found = app_state.database.read(profile.read(context.wanted.first, context.wanted.last, app_state.k))
    return view.page(of_profiles(found, today()), report_urls(request, app_state), context)

"""The team's pages. For the view token, a browser's session, or this machine.

All answers are made from published cells (team/), each of at least k developers.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from devtelemetry_cli.server import sessions
from devtelemetry_cli.server.api.dependencies import AppState, has_session, read_body, state
from devtelemetry_cli.server.api.team_metrics import today, weeks
from devtelemetry_cli.server.auth import check_token, is_loopback, token_matches
from devtelemetry_cli.server.db import connections, events
from devtelemetry_cli.server.db.events import Event
from devtelemetry_cli.server.responses import PRIVATE, RETRY_AFTER_SECONDS, RefusedError
from devtelemetry_cli.server.team import comparison, events_page, pages
from devtelemetry_cli.server.team.cells import DEFAULT_WEEKS, Cell, CellFilter, CellResult, monday, read, result
from devtelemetry_cli.server.team.detail import detail
from devtelemetry_cli.server.team.events import effects, marks, needed
from devtelemetry_cli.server.team.events_page import EventRow
from devtelemetry_cli.server.team.overview import SORTINGS, overview
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.publishing import UNAVAILABLE

PAGES = ("/", "/target", "/machines", "/adoption", "/events")
CONNECTIONS = "/plugins/developer_telemetry/connections"
# No script at all, and no style but this server's style sheet.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", **PRIVATE}

MAX_EVENTS_SHOWN = 20

Handler = Callable[[Request], Any]


@dataclass(frozen=True)
class PageError(Exception):
    """Answered as a page with the reason."""

    status: int
    title: str
    text: str


async def overview_page(request: Request) -> Response:
    """The overview of all projects, or of one."""
    return await serve_page(request, _overview)


async def target_page(request: Request) -> Response:
    """One target of one project."""
    return await serve_page(request, _target)


async def login(request: Request) -> Response:
    """Begin a session with a view token."""
    app_state = state(request)
    form = parse_qs((await read_body(request)).decode("utf-8", "replace"))
    token = (form.get("token") or [""])[0].strip()
    wanted = _own_address((form.get("wanted") or ["/"])[0])
    client = app_state.proxies.client(request)
    if seconds := math.ceil(app_state.logins.wait(client)):
        text = f"Too many failed attempts. Try again in {seconds} seconds."
        return _html(pages.login(text, wanted), 429, {"Retry-After": str(seconds)})
    accepted = [one for one in (app_state.tokens.view, app_state.tokens.admin) if one]
    try:
        check_token(accepted, f"Bearer {token}".encode().decode("latin-1"))
    except RefusedError:
        app_state.logins.failed(client)
        return _html(pages.login("That token is not valid here.", wanted), 403)
    is_admin = bool(app_state.tokens.admin) and token_matches(app_state.tokens.admin or "", token.encode())
    identifier = await run_in_threadpool(app_state.sessions.begin, is_admin)
    answer = RedirectResponse(wanted, 303)
    sessions.set_cookie(answer, identifier, app_state.proxies.is_tls(request))
    return answer


async def logout(request: Request) -> Response:
    """End the session. A form of a foreign page ends none: the browser sends no cookie with it."""
    answer = RedirectResponse("/", 303)
    if identifier := sessions.cookie(request):
        await run_in_threadpool(state(request).sessions.end, identifier)
        sessions.delete_cookie(answer)
    return answer


async def style(_request: Request) -> Response:
    """The pages' style sheet."""
    return Response(pages.STYLE, media_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=3600"})


async def serve_page(request: Request, make: Callable[[Request, AppState, pages.PageContext], str]) -> Response:
    """The page that `make` makes, for a viewer with access; else the login page or the reason."""
    app_state = state(request)
    context = None
    try:
        is_session = await has_session(request)
        if not is_session and (refusal := _refusal(request, app_state)):
            return refusal
        context = _page_context(request, app_state, is_session)
        # In the pool: neither reading nor drawing may delay a report.
        return _html(await run_in_threadpool(make, request, app_state, context))
    except PageError as error:
        return _html(pages.message(error.title, error.text, context), error.status)
    except UNAVAILABLE:
        text = f"The database is busy or unavailable. Try again in {RETRY_AFTER_SECONDS} seconds."
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return _html(pages.message("Nothing to show at the moment", text, context), 503, retry)


def _refusal(request: Request, app_state: AppState) -> Response | None:
    """The page for a viewer without access; None with access."""
    try:
        app_state.tokens.check_view(request)
    except RefusedError as refused:
        if not (app_state.tokens.view or app_state.tokens.admin):
            text = "These pages are open to browsers of the server's own machine only: no view token is set."
            return _html(pages.message("Not from here", text), 403)
        wanted = _own_address(str(request.url))
        if refused.status == 403:
            return _html(pages.login("That token is not valid here.", wanted), 403)
        text = "Your session has ended." if sessions.cookie(request) else "These pages need a view token."
        return _html(pages.login(text, wanted), 401)
    return None


def _own_address(text: str) -> str:
    """The path and query of the address if it is one of PAGES, on whatever host; else the overview."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    path = parts.path if parts.path in PAGES else "/"
    return urlunsplit(("", "", path, parts.query, ""))


def _overview(request: Request, app_state: AppState, context: pages.PageContext) -> str:
    period = Period.of(context.wanted, context.today)
    found, compared, noted = app_state.database.read(partial(_overview_data, app_state, context, period))
    if not found.reported:
        return pages.empty(report_urls(request, app_state), context)
    if context.wanted.project is not None and context.wanted.project not in found.projects:
        raise PageError(404, "Unknown project", "No project of that name has enough developers to be shown.")
    shown = overview(found, period, app_state.k, context.sorting)
    return pages.overview(found, shown, comparison.compare(compared, context.today), noted, context)


def _overview_data(
    app_state: AppState, context: pages.PageContext, period: Period, db: Connection
) -> tuple[CellResult, list[Cell], list[Event]]:
    """The cells of the period and of the one before, those of the last whole week's comparison, and the events."""
    wanted, k = replace(context.wanted, first=period.before), app_state.k
    compared = CellFilter(wanted.project, None, *comparison.span(context.today))
    found = result(db, wanted, k, app_state.cells.read(db, wanted, k))
    return found, app_state.cells.read(db, compared, k), _events(context, db)


def report_urls(request: Request, app_state: AppState) -> list[pages.ReportUrl]:
    """The report URL of each connection: under --public-url, else under the address of this request."""
    host, scheme = request.headers.get("host", ""), "https" if app_state.proxies.is_tls(request) else "http"
    server = app_state.public_url or (f"{scheme}://{host}" if host else "")
    is_local = is_loopback(urlsplit(server).hostname or "")
    return [
        pages.ReportUrl(
            name=row.name,
            url=f"{server}{CONNECTIONS}/{row.id}/report",
            has_token=bool(row.secret_token),
            is_local=is_local or not (row.secret_token or app_state.is_open),
        )
        for row in app_state.database.read(connections.list_all)
    ]


def _target(_request: Request, app_state: AppState, context: pages.PageContext) -> str:
    wanted, period = context.wanted, Period.of(context.wanted, context.today)
    found = app_state.database.read(read(replace(wanted, first=period.before), app_state.k)).cells
    shown = detail(found, period, app_state.k)
    if not wanted.target or not shown.weeks:
        text = "In these weeks no target of that name has enough developers to be shown."
        raise PageError(404, "Unknown target", text)
    noted = app_state.database.read(partial(_events, context))
    rows = _effects(app_state, context, noted)
    return pages.target(shown, rows, marks(noted), context)


def _events(context: pages.PageContext, db: Connection) -> list[Event]:
    """The latest events of the chosen weeks."""
    wanted = context.wanted
    return events.read(wanted.first, context.until, wanted.project)(db)[-MAX_EVENTS_SHOWN:]


def _effects(app_state: AppState, context: pages.PageContext, noted: Sequence[Event]) -> list[EventRow]:
    """The target before and after each event."""
    if not noted:
        return []
    first, last = needed(noted)
    cells = app_state.database.read(read(replace(context.wanted, first=first, last=last), app_state.k)).cells
    return events_page.rows(effects(noted, cells, context.today))


def _page_context(request: Request, app_state: AppState, is_session: bool) -> pages.PageContext:
    """The filter in the address. PageError for an invalid one."""
    query = request.query_params
    last = _day(query.get("to", "")) or today()
    first = _day(query.get("from", "")) or monday(last) - timedelta(weeks=DEFAULT_WEEKS - 1)
    target = query.get("target")
    # On a target's page the project is part of its name, and may be empty.
    project = query.get("project", "") if target is not None else query.get("project") or None
    if "\0" in f"{project}{target}":
        raise PageError(400, "Invalid name", "A name cannot contain this character.")
    sorting = query.get("sort", "waited")
    try:
        span = weeks(first, last)
    except RefusedError as refused:
        raise PageError(400, "Invalid dates", f"{refused.message.capitalize()}.") from None
    part = query.get("part", "")
    return pages.PageContext(
        wanted=CellFilter(project, target, *span),
        today=today(),
        sorting=sorting if sorting in SORTINGS else "waited",
        part=max(1, int(part)) if part.isdecimal() and len(part) < 6 else 1,
        k=app_state.k,
        hourly_cost=app_state.hourly_cost,
        demo=app_state.demo,
        session=is_session,
    )


def _day(text: str) -> date | None:
    """The date in `text`; None if empty. PageError if invalid."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise PageError(400, "Invalid dates", "A date is written as YYYY-MM-DD.") from None


def _html(text: str, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    return HTMLResponse(text, status, headers={**HEADERS, **(more or {})})

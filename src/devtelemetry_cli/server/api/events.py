"""Events that the administrator notes. As JSON under the rules of administration, and as a page with a form.

The form needs an administrator's session, the admin token, or this machine, and the Origin of this server.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.api.dependencies import AppState, check_viewer, id_in_path, is_admin, read_body, state
from devtelemetry_cli.server.api.rows import Text
from devtelemetry_cli.server.api.team import PageError, serve_page
from devtelemetry_cli.server.api.team_metrics import EARLIEST, First, Last, today
from devtelemetry_cli.server.auth import check_origin
from devtelemetry_cli.server.db import events as stored
from devtelemetry_cli.server.ingest.decode import read_object
from devtelemetry_cli.server.responses import RefusedError, as_json, if_changed
from devtelemetry_cli.server.team import cells, events_page
from devtelemetry_cli.server.team.pages import PageContext

FORM_FIELDS = ("date", "text", "project")


async def list_events(request: Request, project: Text = None, first: First = None, last: Last = None) -> Response:
    """The events of these days, the earliest first; with a project those of it and of all projects."""
    await check_viewer(request)
    days = (first or EARLIEST, last or stored.latest(today()))
    found = await run_in_threadpool(state(request).database.read, stored.read(*days, project))
    return if_changed(request, as_json({"count": len(found), "rows": [stored.to_json(one) for one in found]}))


async def create_event(request: Request) -> Response:
    """Note an event: a date, a text, and a project or none for all."""
    state(request).tokens.check_admin_write(request)
    new = stored.read_event(read_object(await read_body(request)), today())
    made = await run_in_threadpool(state(request).database.write, lambda db: stored.create(db, new))
    return as_json(stored.to_json(made), 201)


async def delete_event(request: Request) -> Response:
    """Delete an event."""
    state(request).tokens.check_admin_write(request)
    number = id_in_path(request, "event")
    gone = await run_in_threadpool(state(request).database.write, lambda db: stored.remove(db, number))
    return as_json(stored.to_json(gone))


async def all_events_page(request: Request) -> Response:
    """All events, and for an administrator the form."""
    may_change = await is_admin(request)

    def make(_request: Request, app_state: AppState, context: PageContext) -> str:
        found = app_state.database.read(stored.read(EARLIEST, stored.latest(today()), None))
        projects = app_state.database.read(lambda db: cells.projects(db, app_state.k, None))
        return events_page.page(found, [one["project"] for one in projects if one["project"]], may_change, context)

    return await serve_page(request, make)


async def note_event(request: Request) -> Response:
    """The form's new event."""
    form = await _form(request)

    def note(db: Connection) -> None:
        stored.create(db, stored.read_event({name: form.get(name, "") for name in FORM_FIELDS}, today()))

    return await _changed(request, note)


async def withdraw_event(request: Request) -> Response:
    """The form's event to delete."""
    number = (await _form(request)).get("id", "")

    def remove(db: Connection) -> None:
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise ReportError("the event's id is not a number")
        stored.remove(db, int(number))

    return await _changed(request, remove)


async def _form(request: Request) -> Mapping[str, str]:
    """The first value of each field of a form."""
    text = (await read_body(request)).decode("utf-8", "replace")
    try:
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=10).items()}
    except ValueError:
        return {}


async def _changed(request: Request, work: Callable[[Connection], Any]) -> Response:
    """The answer to a form: back to the page, or a page with the reason."""
    try:
        check_origin(request)
    except RefusedError as refused:
        return await _refused(request, refused.status, refused.message)
    if not await is_admin(request):
        return await _refused(request, 403, "only an administrator may change events: sign in with the admin token")
    try:
        await run_in_threadpool(state(request).database.write, work)
    except ReportError as error:
        return await _refused(request, 400, str(error))
    except RefusedError as refused:
        return await _refused(request, refused.status, refused.message)
    return RedirectResponse("/events", 303)


async def _refused(request: Request, status: int, reason: str) -> Response:
    def make(_request: Request, _app_state: AppState, _context: PageContext) -> str:
        raise PageError(status, "Not done", f"{reason[:1].upper()}{reason[1:]}.")

    return await serve_page(request, make)

"""A client's requests to a connection: report, forget, and test whether a report would be stored.

Handlers are coroutines that read the body. Database drivers block: reports and erasures run on the writer's thread,
each as one function from the check of the token to the rows, and everything else in the pool.
"""

import json
import secrets
from datetime import UTC, datetime

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import Connection

from devtelemetry_cli.model.metrics import anonymous_id
from devtelemetry_cli.server.api.dependencies import connection_id, read_body, state
from devtelemetry_cli.server.auth import Key, token_matches
from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.ingest.batch import Received
from devtelemetry_cli.server.ingest.decode import read_developer, read_object, read_report, read_string
from devtelemetry_cli.server.responses import RefusedError, success

_RECEIVED = success("telemetry data received successfully")


async def report(request: Request) -> Response:
    """Store one day's report."""
    number, body, app_state = connection_id(request), await read_body(request), state(request)
    stored = await app_state.writer.store_report(Received(number, body, Key.of(request, app_state.is_open)))
    app_state.metrics.taken(stored)
    app_state.publisher.notify()
    return _RECEIVED


async def forget(request: Request) -> Response:
    """Erase one person's reports to this connection, from all hosts, and refuse later ones."""
    number, body, app_state = connection_id(request), await read_body(request), state(request)

    def erase(db: Connection) -> int:
        connections.check_key(db, number, Key.of(request, app_state.is_open), exclusive=True)
        person = anonymous_id(read_developer(read_object(body)))
        return reports.forget(db, app_state.forget_key, number, person)

    deleted = await app_state.writer.write(erase)
    await run_in_threadpool(app_state.database.forget_log)
    return success("all reports of this developer are erased", {"deleted": deleted})


async def test_connection(request: Request) -> Response:
    """Check the token, and that a report can be written; the test report is rolled back.

    For its own report token, and for the administrator, whose request may contain a `secretToken` to compare.
    """
    number, body, app_state = connection_id(request), await read_body(request), state(request)
    wire = read_object(body) if body.strip() else {}
    sent = read_string(wire, "secretToken", connections.MAX_TOKEN)
    is_admin = app_state.tokens.is_admin(request)

    def store_test_report(db: Connection) -> bool:
        if not is_admin:
            connections.check_key(db, number, Key.of(request, app_state.is_open))
        stored = connections.get(db, number).secret_token
        if sent and connections.MASK not in sent and not (stored and token_matches(stored, sent.encode())):
            raise RefusedError(403, "secretToken is not this connection's")
        today = datetime.now(UTC).date()
        someone = json.dumps({"date": today.isoformat(), "developer": secrets.token_hex(16)})
        reports.store(db, app_state.forget_key, {0: (number, read_report(someone.encode(), today))})
        return bool(stored)

    has_token = await run_in_threadpool(app_state.database.dry_run, store_test_report)
    return success("the connection works: a report would be stored", {"id": number, "asksForToken": has_token})

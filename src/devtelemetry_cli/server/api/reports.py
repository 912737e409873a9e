"""What a client does with a connection: report, forget, and test whether a report would be kept.

Handlers are coroutines that read the body. The drivers of the databases block: reports and erasures go to
the writer's thread, each as one function from the token's check to its rows, the rest to the pool.
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
from devtelemetry_cli.server.auth import check_token, token_matches
from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.ingest.batch import Received
from devtelemetry_cli.server.ingest.decode import read_developer, read_object, read_report, read_string
from devtelemetry_cli.server.responses import RefusedError, success

_RECEIVED = success("telemetry data received successfully")


async def report(request: Request) -> Response:
    """Take one day's report."""
    number, body, served = connection_id(request), await read_body(request), state(request)
    stored = await served.writer.take(Received(number, body, request.headers.get("authorization")))
    served.metrics.taken(stored)
    served.publisher.reported()
    return _RECEIVED


async def forget(request: Request) -> Response:
    """Erase what one person reported here, on all hosts, and refuse that person's reports from now on."""
    number, body, served = connection_id(request), await read_body(request), state(request)

    def erase(db: Connection) -> int:
        if stored := connections.token_hash(db, number, alone=True):
            check_token([stored], request.headers.get("authorization"))
        person = anonymous_id(read_developer(read_object(body)))
        return reports.forget(db, served.forget_key, number, person)

    deleted = await served.writer.write(erase)
    return success("all reports of this developer are erased", {"deleted": deleted})


async def test_connection(request: Request) -> Response:
    """Test the connection: its token, and that a report can be written. Nothing of it stays.

    For its own report token and for the administrator, who may send a `secretToken` to be compared.
    """
    number, body, served = connection_id(request), await read_body(request), state(request)
    wire = read_object(body) if body.strip() else {}
    told = read_string(wire, "secretToken", connections.MAX_TOKEN)
    is_admin = served.tokens.is_admin(request)

    def rehearse(db: Connection) -> bool:
        stored = connections.token_hash(db, number)
        if stored and not is_admin:
            check_token([stored], request.headers.get("authorization"))
        if told and connections.MASK not in told and not (stored and token_matches(stored, told.encode())):
            raise RefusedError(403, "secretToken is not this connection's")
        today = datetime.now(UTC).date()
        someone = json.dumps({"date": today.isoformat(), "developer": secrets.token_hex(16)})
        reports.store(db, served.forget_key, [(number, read_report(someone.encode(), today))])
        return bool(stored)

    asks = await run_in_threadpool(served.database.rehearse, rehearse)
    return success("the connection works: a report would be kept", {"id": number, "asksForToken": asks})

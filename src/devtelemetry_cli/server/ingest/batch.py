"""Reports as they came in -> what becomes of each, in one transaction for all of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.auth import check_token
from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.ingest.decode import Report, read_report
from devtelemetry_cli.server.responses import RefusedError

Outcome = bool | RefusedError | ReportError


class Received(NamedTuple):
    """A report's body, where it was posted, and the header with its key."""

    connection_id: int
    body: bytes
    authorization: str | None


def take(db: Connection, forget_key: bytes, received: Sequence[Received]) -> list[Outcome]:
    """Check and store each: whether it was stored (reports.store), or why it was refused."""
    tokens = connections.token_hashes(db, {one.connection_id for one in received})
    today = datetime.now(UTC).date()
    read = [_read(tokens, one, today) for one in received]
    told = [(one.connection_id, got) for one, got in zip(received, read, strict=True) if isinstance(got, Report)]
    stored = iter(reports.store(db, forget_key, told) if told else [])
    return [next(stored) if isinstance(got, Report) else got for got in read]


def _read(tokens: dict[int, str], one: Received, today: date) -> Report | RefusedError | ReportError:
    """The report, once its key is right."""
    token = tokens.get(one.connection_id)
    try:
        if token is None:
            raise connections.not_found(one.connection_id)
        if token:
            check_token([token], one.authorization)
        return read_report(one.body, today)
    except (RefusedError, ReportError) as refusal:
        return refusal

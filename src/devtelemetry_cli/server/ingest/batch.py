"""A batch of received bodies -> the outcome of each, in one transaction."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.auth import check_token
from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.ingest.decode import Report, read_report
from devtelemetry_cli.server.responses import Outcome, RefusedError


class Received(NamedTuple):
    """A report's body, the connection of its path, and its Authorization header."""

    connection_id: int
    body: bytes
    authorization: str | None


def store_batch(db: Connection, forget_key: bytes, batch: Mapping[int, Received]) -> dict[int, Outcome]:
    """Check and store each report of `batch`; the outcomes (as of reports.store) under the same indexes."""
    tokens = connections.token_hashes(db, {one.connection_id for one in batch.values()})
    today = datetime.now(UTC).date()
    outcomes: dict[int, Outcome] = {}
    accepted: dict[int, reports.Entry] = {}
    for index, received in batch.items():
        try:
            accepted[index] = (received.connection_id, _read(tokens, received, today))
        except (RefusedError, ReportError) as refusal:
            outcomes[index] = Outcome(error=refusal)
    return outcomes | reports.store(db, forget_key, accepted)


def _read(tokens: Mapping[int, str], received: Received, today: date) -> Report:
    """The report, after its token was checked."""
    token = tokens.get(received.connection_id)
    if token is None:
        raise connections.not_found(received.connection_id)
    if token:
        check_token([token], received.authorization)
    return read_report(received.body, today)

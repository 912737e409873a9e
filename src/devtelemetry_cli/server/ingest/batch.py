"""A batch of received bodies -> the outcome of each, in one transaction."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.auth import Key
from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.ingest.decode import Report, check_limits, read_report
from devtelemetry_cli.server.responses import Outcome, RefusedError
from devtelemetry_cli.server.throttle import ReportThrottle


class Received(NamedTuple):
    """A report's body, the connection of its path, and the key of its request."""

    connection_id: int
    body: bytes
    key: Key


def store_batch(
    db: Connection, forget_key: bytes, throttle: ReportThrottle, batch: Mapping[int, Received]
) -> dict[int, Outcome]:
    """Check and store each report of `batch`; the outcomes (as of reports.store) under the same indexes."""
    rows = connections.lock_shared(db, {one.connection_id for one in batch.values()})
    today = datetime.now(UTC).date()
    outcomes: dict[int, Outcome] = {}
    accepted: dict[int, reports.Entry] = {}
    for index, received in batch.items():
        try:
            _check(rows.get(received.connection_id), received, throttle)
            accepted[index] = (received.connection_id, _read(received.body, today))
        except (RefusedError, ReportError) as refusal:
            outcomes[index] = Outcome(error=refusal)
    return outcomes | reports.store(db, forget_key, accepted)


def _check(row: Row[Any] | None, received: Received, throttle: ReportThrottle) -> None:
    """RefusedError for a wrong key, and for too many reports of the connection."""
    received.key.check(row and row.secret_token, received.connection_id)
    assert row is not None  # noqa: S101 - the key of an unknown connection is refused
    if seconds := throttle.take(received.connection_id, row.rate_limit_per_hour):
        raise RefusedError(429, "too many reports of this connection", math.ceil(seconds))


def _read(body: bytes, today: date) -> Report:
    report = read_report(body, today)
    check_limits(report)
    return report

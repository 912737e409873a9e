"""Reports kept and erased, each in the one transaction that the caller opened."""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.receiver.answers import RefusedError
from devtelemetry_cli.receiver.database import ConflictError, upsert
from devtelemetry_cli.receiver.decode import Report
from devtelemetry_cli.receiver.tables import daily_metrics, forgotten, reports, secrets, target_metrics
from devtelemetry_cli.report.encode import target_object
from devtelemetry_cli.report.metrics import TargetMetrics, anonymous_id

_THIS_DAY = tuple(reports.c[name] == bindparam(f"the_{name}") for name in ("connection_id", "developer_id", "date"))
# What decides about a report, in one round trip.
_BEFORE = select(
    exists()
    .where(forgotten.c.connection_id == bindparam("the_connection_id"), forgotten.c.id_hash == bindparam("id_hash"))
    .label("forgotten"),
    exists().where(*_THIS_DAY).label("reported"),
    select(reports.c.revision).where(*_THIS_DAY).scalar_subquery().label("revision"),
)
_REPLACE = update(reports).where(*_THIS_DAY, reports.c.revision.is_not_distinct_from(bindparam("seen_revision")))


def secret_key(db: Connection, name: str) -> bytes:
    """This database's own random key of that name, made when it is asked for first."""
    wanted = select(secrets.c.value).where(secrets.c.name == name)
    stored = db.execute(wanted).scalar()
    if stored is None:
        stored = token_hex(32)
        try:
            db.execute(insert(secrets), {"name": name, "value": stored})
        except IntegrityError:
            raise ConflictError from None  # another process starts at the same time
    return bytes.fromhex(stored)


def store(db: Connection, key: bytes, connection_id: int, report: Report) -> bool:
    """Replace the day by `report`, unless it holds a later revision (False); RefusedError 410 once forgotten.

    A report without a revision, another sender's, always replaces. The caller holds the connection's row shared
    (connections.token_hash), so that no erasure comes between. ConflictError when another report of the day did.
    """
    day = {"connection_id": connection_id, "developer_id": report.developer, "date": report.date}
    the_day = {f"the_{name}": value for name, value in day.items()}
    person = anonymous_id(report.developer)
    before = db.execute(_BEFORE, {**the_day, "id_hash": _id_hash(key, connection_id, person)}).one()
    if before.forgotten:
        raise RefusedError(410, "this developer asked to be forgotten here")
    revision = report.extension.revision
    if None not in (revision, before.revision) and revision < before.revision:
        return False
    now = datetime.now(UTC).replace(tzinfo=None)
    upsert(db, daily_metrics, day | _daily_columns(report) | {"created_at": now, "updated_at": now})
    ours = _report_columns(report) | {"anonymous_id": person, "received_at": now}
    if before.reported:
        _replace(db, the_day, before.revision, ours)
        _delete_targets(db, day)
    else:
        _insert(db, day | ours)
    if report.extension.targets:
        db.execute(insert(target_metrics), [day | _target_columns(t) for t in report.extension.targets])
    return True


def forget(db: Connection, key: bytes, connection_id: int, person: str) -> int:
    """Erase every day of `person`, an anonymous ID, on all hosts, and refuse the ID from now on.

    Returns the number of days erased. Of the ID itself only a keyed hash stays. The caller holds the
    connection's row alone.
    """
    ids = _developers_of(db, connection_id, person)
    # Our own rows go with the plugin's: their foreign keys cascade.
    erased = db.execute(
        delete(daily_metrics).where(
            daily_metrics.c.connection_id == connection_id, daily_metrics.c.developer_id.in_(ids)
        )
    )
    id_hash = _id_hash(key, connection_id, person)
    now = datetime.now(UTC).replace(tzinfo=None)
    upsert(db, forgotten, {"connection_id": connection_id, "id_hash": id_hash, "forgotten_at": now})
    return erased.rowcount


def _insert(db: Connection, row: Mapping[str, Any]) -> None:
    try:
        db.execute(insert(reports), row)
    except IntegrityError:
        raise ConflictError from None  # the day's other first report was faster: its revision decides


def _replace(db: Connection, the_day: Mapping[str, Any], seen: int | None, row: Mapping[str, Any]) -> None:
    if db.execute(_REPLACE, {**the_day, "seen_revision": seen, **row}).rowcount != 1:
        raise ConflictError


def _developers_of(db: Connection, connection_id: int, person: str) -> list[str]:
    """The developer ids of `person`, looked for in the plugin's table: some rows may not be written by us."""
    column = daily_metrics.c.developer_id
    theirs = (column == person) | column.startswith(f"{person}.", autoescape=True)
    likely = select(column).distinct().where(daily_metrics.c.connection_id == connection_id, theirs)
    # LIKE knows no case on SQLite; another person's rows must not go.
    return [developer for developer in db.scalars(likely) if anonymous_id(developer) == person]


def _delete_targets(db: Connection, day: Mapping[str, Any]) -> None:
    same_day = (target_metrics.c[name] == bindparam(name) for name in day)
    db.execute(delete(target_metrics).where(*same_day), day)


def _daily_columns(report: Report) -> dict[str, Any]:
    environment = report.extension.environment
    return {
        "email": report.email,
        "name": report.name,
        "hostname": report.hostname,
        "active_hours": report.active_hours,
        "tools_used": report.tools_used,
        "project_context": report.projects,
        "command_counts": report.commands,
        "os_info": f"{environment.os} {environment.architecture}".strip()[:255],
    }


def _report_columns(report: Report) -> dict[str, Any]:
    extension = report.extension
    return vars(extension.environment) | {"schema": extension.schema, "revision": extension.revision}


def _target_columns(target: TargetMetrics) -> dict[str, Any]:
    """The row's columns bear the wire's names; what is no plain value is kept as its JSON text."""
    wire = target_object(target)
    return {name: value if isinstance(value, str | int | float) else _json(value) for name, value in wire.items()}


def _json(value: object) -> str:
    # Not escaped: a text that is longer than the body that it came in might not fit its column.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _id_hash(key: bytes, connection_id: int, person: str) -> str:
    return hmac.digest(key, f"{connection_id}:{person}".encode(), "sha256").hex()

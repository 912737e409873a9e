"""Reports kept and erased, each in the one transaction that the caller opened."""

import hmac
from collections.abc import Mapping, Sequence, Set
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, delete, insert, select
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.model.metrics import TargetMetrics, anonymous_id
from devtelemetry_cli.report.encode import target_object
from devtelemetry_cli.server.db.bulk import delete_rows, find_rows, upsert, write_rows
from devtelemetry_cli.server.db.database import ConflictError
from devtelemetry_cli.server.db.tables import DAY_KEY, daily_metrics, forgotten, now, reports, secrets, target_metrics
from devtelemetry_cli.server.ingest.decode import Report
from devtelemetry_cli.server.responses import RefusedError

_REFUSED = select(forgotten.c.id_hash)
# Held for this transaction alone: what is decided by a revision is still true when it is committed.
_BEFORE = select(*(reports.c[name] for name in DAY_KEY), reports.c.revision).with_for_update()

_TEXTS = [c.name for c in target_metrics.columns if isinstance(c.type, Text)]

# It escapes no letters: a text that is longer than the body that it came in might not fit its column.
_encode = msgspec.json.encode

Day = tuple[int, str, str]  # a connection's id, a developer's, and the date
Told = tuple[int, Report]  # a connection's id, and what was reported to it


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


def store(db: Connection, key: bytes, told: Sequence[Told]) -> list[bool | RefusedError]:
    """Replace each report's day by it: True; False where the day holds a later revision; RefusedError 410.

    A report without a revision, another sender's, always replaces; of two for one day the later in the list counts.
    Few statements for many reports. The caller holds the connections' rows shared, so that no erasure comes
    between (connections.token_hashes). ConflictError when the first reports of a day met.
    """
    gone, stored = _forgotten(db, key, told), _revisions(db, told)
    known, revisions = frozenset(stored), dict(stored)
    outcomes: list[bool | RefusedError] = []
    days: dict[Day, Report] = {}
    for connection_id, report in told:
        day = (connection_id, report.developer, report.date.isoformat())
        before, revision = revisions.get(day), report.extension.revision
        if (connection_id, anonymous_id(report.developer)) in gone:
            outcomes.append(RefusedError(410, "this developer asked to be forgotten here"))
        elif before is not None and revision is not None and revision < before:
            outcomes.append(False)
        else:
            outcomes.append(True)
            days[day], revisions[day] = report, revision
    if days:
        _write(db, days, known)
    return outcomes


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
    upsert(db, forgotten, [{"connection_id": connection_id, "id_hash": id_hash, "forgotten_at": now()}])
    return erased.rowcount


def _forgotten(db: Connection, key: bytes, told: Sequence[Told]) -> set[tuple[int, str]]:
    """Which of the persons in these reports are refused."""
    persons = {(connection_id, anonymous_id(report.developer)) for connection_id, report in told}
    hashes = {_id_hash(key, *person): person for person in persons}
    keys = [(person[0], id_hash) for id_hash, person in hashes.items()]
    # Not every database finds rows by keys: a hash is one person's at one connection, so neighbours are no others.
    return {hashes[row[0]] for row in find_rows(db, _REFUSED, tuple(forgotten.primary_key.columns), keys)}


def _revisions(db: Connection, told: Sequence[Told]) -> dict[Day, int | None]:
    """The revisions of the days that have been reported before, their rows this transaction's alone."""
    keys = [(connection_id, report.developer, report.date.isoformat()) for connection_id, report in told]
    found = find_rows(db, _BEFORE, tuple(reports.primary_key.columns), keys)
    return {(row[0], row[1], str(row[2])): row[3] for row in found}


def _write(db: Connection, days: Mapping[Day, Report], known: Set[Day]) -> None:
    at = now().isoformat(" ", "microseconds")
    # In one order in every process: two that write the same days wait for each other at the first of them.
    keys = {day: dict(zip(DAY_KEY, day, strict=True)) for day in sorted(days)}
    stamps = {"created_at": at, "updated_at": at}
    write_rows(db, daily_metrics, [key | _daily_columns(days[day]) | stamps for day, key in keys.items()], replace=True)
    ours = {day: key | _report_columns(days[day]) | {"received_at": at} for day, key in keys.items()}
    if old := [row for day, row in ours.items() if day in known]:
        write_rows(db, reports, old, replace=True)
        delete_rows(db, target_metrics, [key for day, key in keys.items() if day in known])
    if new := [row for day, row in ours.items() if day not in known]:
        _insert(db, new)
    if targets := [key | _target_columns(t) for day, key in keys.items() for t in days[day].extension.targets]:
        write_rows(db, target_metrics, targets, replace=False)


def _insert(db: Connection, rows: list[dict[str, Any]]) -> None:
    try:
        write_rows(db, reports, rows, replace=False)
    except IntegrityError:
        raise ConflictError from None  # the day's other first report was faster: its revision decides


def _developers_of(db: Connection, connection_id: int, person: str) -> list[str]:
    """The developer ids of `person`, looked for in the plugin's table: some rows may not be written by us."""
    column = daily_metrics.c.developer_id
    theirs = (column == person) | column.startswith(f"{person}.", autoescape=True)
    likely = select(column).distinct().where(daily_metrics.c.connection_id == connection_id, theirs)
    # LIKE knows no case on SQLite; another person's rows must not go.
    return [developer for developer in db.scalars(likely) if anonymous_id(developer) == person]


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
    ours = {"schema": extension.schema, "revision": extension.revision, "anonymous_id": anonymous_id(report.developer)}
    return vars(extension.environment) | ours


def _target_columns(target: TargetMetrics) -> dict[str, Any]:
    """The row's columns bear the wire's names; what is no plain value is kept as its JSON text."""
    wire = target_object(target)
    return wire | {name: _encode(wire[name]).decode() for name in _TEXTS}


def _id_hash(key: bytes, connection_id: int, person: str) -> str:
    return hmac.digest(key, f"{connection_id}:{person}".encode(), "sha256").hex()

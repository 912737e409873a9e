"""Storing and erasing reports, in a transaction that the caller opened."""

import hmac
from collections.abc import Iterable, Mapping, Set
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.model.metrics import TargetMetrics, anonymous_id
from devtelemetry_cli.report.encode import target_object
from devtelemetry_cli.server.db.bulk import delete_rows, find_rows, upsert, write_rows
from devtelemetry_cli.server.db.database import ConflictError
from devtelemetry_cli.server.db.tables import DAY_KEY, daily_metrics, forgotten, now, reports, secrets, target_metrics
from devtelemetry_cli.server.ingest.decode import Report
from devtelemetry_cli.server.responses import Outcome, RefusedError

# IDs without reports are refused only while a connection has fewer than so many.
MAX_FORGOTTEN = 10_000

_FORGOTTEN = select(*forgotten.primary_key.columns)
# Locked until the transaction ends, so that a decision by revision is still true when it is committed.
STORED_REVISIONS = select(*(reports.c[name] for name in DAY_KEY), reports.c.revision).with_for_update()

_TEXTS = [c.name for c in target_metrics.columns if isinstance(c.type, Text)]

# It escapes no letters: a text longer than the body that it came in might not fit its column.
_encode = msgspec.json.encode

Day = tuple[int, str, str]  # a connection's id, a developer's, and the date
Entry = tuple[int, Report]  # a connection's id, and a report to it


def secret_key(db: Connection, name: str) -> bytes:
    """This database's random key of that name, made at its first use."""
    wanted = select(secrets.c.value).where(secrets.c.name == name)
    stored = db.execute(wanted).scalar()
    if stored is None:
        stored = token_hex(32)
        try:
            db.execute(insert(secrets), {"name": name, "value": stored})
        except IntegrityError:
            raise ConflictError from None  # another process starts at the same time
    return bytes.fromhex(stored)


def store(db: Connection, key: bytes, entries: Mapping[int, Entry]) -> dict[int, Outcome]:
    """Replace each report's day by it. The outcomes, under the same indexes as `entries`.

    True: stored. False: the day holds a later revision. RefusedError 410: the developer was forgotten. A report
    without a revision, of another sender, always replaces; of two for one day the later counts. Few statements for
    many reports. The caller holds a shared lock on the connections' rows (connections.lock_shared), so that no
    erasure comes between. Raises ConflictError when two first reports of a day met.
    """
    if not entries:
        return {}
    forgotten_people, stored = _forgotten(db, key, entries.values()), _revisions(db, entries.values())
    known, revisions = frozenset(stored), dict(stored)
    outcomes: dict[int, Outcome] = {}
    days: dict[Day, Report] = {}
    for index, (connection_id, report) in entries.items():
        day = (connection_id, report.developer, report.date.isoformat())
        before, revision = revisions.get(day), report.extension.revision
        if (connection_id, anonymous_id(report.developer)) in forgotten_people:
            outcomes[index] = Outcome(error=RefusedError(410, "this developer asked to be forgotten here"))
        elif before is not None and revision is not None and revision < before:
            outcomes[index] = Outcome(value=False)
        else:
            outcomes[index] = Outcome(value=True)
            days[day], revisions[day] = report, revision
    if days:
        _write(db, days, known)
    return outcomes


def forget(db: Connection, key: bytes, connection_id: int, person: str) -> int:
    """Erase every day of `person`, an anonymous ID, on all hosts, and refuse the ID from now on.

    Returns the number of days erased. Only a keyed hash of the ID is kept. The caller holds an exclusive lock on
    the connection's row.
    """
    ids = _developers_of(db, connection_id, person)
    # Foreign keys cascade to devtel's own tables.
    erased = db.execute(
        delete(daily_metrics).where(
            daily_metrics.c.connection_id == connection_id, daily_metrics.c.developer_id.in_(ids)
        )
    )
    if not erased.rowcount and _count_forgotten(db, connection_id) >= MAX_FORGOTTEN:
        return 0
    id_hash = _id_hash(key, connection_id, person)
    upsert(db, forgotten, [{"connection_id": connection_id, "id_hash": id_hash, "forgotten_at": now()}])
    return erased.rowcount


def _count_forgotten(db: Connection, connection_id: int) -> int:
    return db.scalar(select(func.count()).where(forgotten.c.connection_id == connection_id)) or 0


def _forgotten(db: Connection, key: bytes, entries: Iterable[Entry]) -> set[tuple[int, str]]:
    """The people of these reports whose reports are refused."""
    people = {(connection_id, anonymous_id(report.developer)) for connection_id, report in entries}
    hashes = {
        (connection_id, _id_hash(key, connection_id, person)): (connection_id, person)
        for connection_id, person in people
    }
    found = find_rows(db, _FORGOTTEN, tuple(forgotten.primary_key.columns), hashes)
    return {hashes[row_key] for row_key in found}


def _revisions(db: Connection, entries: Iterable[Entry]) -> dict[Day, int | None]:
    """The revisions of the days that are stored already; their rows are locked for this transaction."""
    keys = [(connection_id, report.developer, report.date.isoformat()) for connection_id, report in entries]
    found = find_rows(db, STORED_REVISIONS, tuple(reports.primary_key.columns), keys)
    return {day: row.revision for day, row in found.items()}


def _write(db: Connection, days: Mapping[Day, Report], known: Set[Day]) -> None:
    at = now().isoformat(" ", "microseconds")
    # The same order in every process: two that write the same days wait at the first of them, and never deadlock.
    keys = {day: dict(zip(DAY_KEY, day, strict=True)) for day in sorted(days)}
    stamps = {"created_at": at, "updated_at": at}
    write_rows(db, daily_metrics, [key | _daily_columns(days[day]) | stamps for day, key in keys.items()], replace=True)
    extensions = {day: key | _report_columns(days[day]) | {"received_at": at} for day, key in keys.items()}
    if old := [row for day, row in extensions.items() if day in known]:
        write_rows(db, reports, old, replace=True)
        delete_rows(db, target_metrics, [key for day, key in keys.items() if day in known])
    if new := [row for day, row in extensions.items() if day not in known]:
        _insert(db, new)
    if targets := [key | _target_columns(t) for day, key in keys.items() for t in days[day].extension.targets]:
        write_rows(db, target_metrics, targets, replace=False)


def _insert(db: Connection, rows: list[dict[str, Any]]) -> None:
    try:
        write_rows(db, reports, rows, replace=False)
    except IntegrityError:
        raise ConflictError from None  # another first report of the day was faster: its revision decides


def _developers_of(db: Connection, connection_id: int, person: str) -> list[str]:
    """The developer ids of `person` in the plugin's table, which may have rows of another program."""
    column = daily_metrics.c.developer_id
    matches = (column == person) | column.startswith(f"{person}.", autoescape=True)
    likely = select(column).distinct().where(daily_metrics.c.connection_id == connection_id, matches)
    # LIKE ignores case on SQLite; another person's rows must not go.
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
    columns = {
        "schema": extension.schema,
        "revision": extension.revision,
        "anonymous_id": anonymous_id(report.developer),
    }
    return vars(extension.environment) | columns


def _target_columns(target: TargetMetrics) -> dict[str, Any]:
    """Columns are named as on the wire; lists and objects are stored as JSON text."""
    wire = target_object(target)
    return wire | {name: _encode(wire[name]).decode() for name in _TEXTS}


def _id_hash(key: bytes, connection_id: int, person: str) -> str:
    return hmac.digest(key, f"{connection_id}:{person}".encode(), "sha256").hex()

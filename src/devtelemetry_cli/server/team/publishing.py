"""Rows -> cells: a team's view of a week, in which no two states differ by fewer than k developers.

A cell holds the totals of a target's runs in one week. A row is in one cell at most, and enters it together with rows
of at least k developers, so that any sum or difference of published numbers, of today and of earlier, is made of such
groups. Rows of too few developers wait for more; long after the week they are published in the rest of their project,
or in the rest of all, if that has k developers.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, distinct, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from devtelemetry_cli.server.db.bulk import upsert
from devtelemetry_cli.server.db.database import ConflictError, Database, DatabaseBusyError, is_retryable
from devtelemetry_cli.server.db.tables import daily_metrics, reports, same_day, team_cells, team_shown, team_weeks
from devtelemetry_cli.server.team import counters, profile
from devtelemetry_cli.server.team.breakdown import REST, Breakdown
from devtelemetry_cli.server.team.grouping import PROJECT_REST, REST_OF_ALL, TARGET, Batch, CellKey, PendingGroups
from devtelemetry_cli.server.team.machines import MachineRows
from devtelemetry_cli.server.team.unpublished import (
    CLOSED,
    CLOSED_AFTER,
    OPEN,
    SETTLED,
    SETTLED_AFTER,
    Week,
    rows_of_day,
)

RECENT = timedelta(days=14)
MAX_CELLS = 1000  # of a connection's week: further targets are in the rests
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeoutError, DatabaseBusyError)

Name = tuple[str, str]  # project and target
Stopped = Callable[[], bool]


def publish(database: Database, k: int, today: date, everything: bool, stopped: Stopped) -> int:
    """Publish the rows of recent weeks, or of all open ones, as far as k allows; the number of changes.

    A week that cannot be published does not hold up others: its error is raised at the end.
    """
    changed = 0
    failure: Exception | None = None
    for week in database.read(lambda db: weeks(db, None if everything else today - RECENT)):
        if stopped():
            break
        changes, error = publish_week(database, week, k, today, stopped)
        changed, failure = changed + changes, failure or error
    if failure is not None:
        raise failure
    return changed


def publish_week(database: Database, week: Week, k: int, today: date, stopped: Stopped) -> tuple[int, Exception | None]:
    """Publish the rows of a week as far as k allows: the number of changes, and the error of a row.

    Transactions are small, so that reports wait only briefly. Of two processes at one week, one gives way. Raises
    UNAVAILABLE.
    """
    try:
        return _publish_week(database, week, k, today, stopped), None
    except Exception as error:  # the other weeks are published, whatever this one's rows hold
        if is_retryable(error):
            return 0, None  # another process publishes it, or rows were erased meanwhile: the next round decides
        if isinstance(error, UNAVAILABLE):
            raise
        return 0, error


def _publish_week(database: Database, week: Week, k: int, today: date, stopped: Stopped) -> int:
    state, version, k = database.write(partial(begin_week, week=week, k=k))
    if state == CLOSED:
        return 0
    settles, closes = state == OPEN and today >= week.monday + SETTLED_AFTER, today >= week.monday + CLOSED_AFTER
    begun, groups = version, _pending(database, week, k)
    for batch in _batches(database, week, groups, settles or closes, stopped):
        version = change_at_version(database, week, k, version, partial(_add, week=week, batch=batch))
    changed = version - begun
    if changed:
        version = change_at_version(
            database, week, k, version, partial(_count, week=week, counts=database.read(partial(_counts, week)))
        )
    version = _update_profile(database, week, k, version, groups)
    if settles and database.read(partial(_names, week=week)):  # without cells it stays open to a smaller k
        breakdowns, machines = _read_breakdowns(database, week)
        version = change_at_version(
            database, week, k, version, partial(_settle, week=week, k=k, breakdowns=breakdowns, machines=machines)
        )
    if closes:
        change_at_version(database, week, k, version, partial(_close, week=week))
        for day in week.days:  # one by one, so that reports wait only briefly
            database.write(partial(_forget_shown, week=week, day=day))
    return changed


def change_at_version(database: Database, week: Week, k: int, version: int, work: Callable[[Connection], None]) -> int:
    """Do `work` if the week still has `k` and `version`; returns the next version. Raises ConflictError."""

    def guarded(db: Connection) -> None:
        unchanged = and_(week.of(team_weeks), team_weeks.c.k == k, team_weeks.c.turn == version)
        if db.execute(update(team_weeks).where(unchanged), {"turn": version + 1}).rowcount != 1:
            raise ConflictError  # another process changed it: these rows may be published already
        work(db)

    database.write(guarded, attempts=1)
    return version + 1


def weeks(db: Connection, since: date | None) -> list[Week]:
    """The weeks that have reports, those with the fewest first: a connection with many holds up no other."""
    c = daily_metrics.c
    query = select(c.connection_id, c.date, func.count()).group_by(c.connection_id, c.date)
    if since is not None:
        query = query.where(c.date >= since)
    found: dict[Week, int] = {}
    for connection, day, count in db.execute(query):
        week = Week.of_day(connection, day)
        found[week] = found.get(week, 0) + count
    return sorted(found, key=lambda week: (found[week], week.monday, week.connection))


def begin_week(db: Connection, week: Week, k: int) -> tuple[str, int, int]:
    """The week's state, its version, and the smallest number of developers in its cells.

    A week whose cells have a smaller k than is set now begins again. With a smaller k set, a week that ever had cells
    keeps its own: groups of both sizes in it would pass for the larger, and cells made anew would differ from those
    before by single developers.
    """
    row = db.execute(select(team_weeks).where(week.of(team_weeks))).first()
    if row is not None and (row.k == k or (row.k > k and row.turn)):
        return row.state, row.turn, row.k
    for table in (team_cells, team_shown, team_weeks):
        db.execute(delete(table).where(week.of(table)))
    version = row.turn + 1 if row and row.turn else 0  # a process at the old cells gives way
    values = {"connection_id": week.connection, "week": week.monday, "k": k, "state": OPEN, "turn": version}
    try:
        db.execute(insert(team_weeks), values | {"developers": "{}"})
    except IntegrityError:
        raise ConflictError from None  # another process begins it
    return OPEN, version, k


def _pending(database: Database, week: Week, k: int) -> PendingGroups:
    """No rows yet, and the limit on the week's cells."""
    names = database.read(partial(_names, week=week))

    def is_full(key: CellKey) -> bool:
        """A new cell counts towards MAX_CELLS."""
        if len(names) < MAX_CELLS:
            names.add((key.project, key.target))
        return (key.project, key.target) not in names

    return PendingGroups(k, is_full)


def _batches(database: Database, week: Week, groups: PendingGroups, rest: bool, stopped: Stopped) -> Iterator[Batch]:
    """The batches that may be published now; with `rest` also those of the rests. The other rows stay in `groups`."""
    for day in week.days:
        if stopped():
            raise ConflictError  # the next round publishes the rest
        for row in database.read(partial(rows_of_day, week=week, day=day)):
            if batch := groups.add(row):
                yield batch
    yield from groups.of_targets()
    if rest:
        yield from groups.of_rests()


def _names(db: Connection, week: Week) -> set[Name]:
    """The projects and targets of the week's cells."""
    c = team_cells.c
    return {(row.project, row.target) for row in db.execute(select(c.project, c.target).where(week.of(team_cells)))}


def _add(db: Connection, week: Week, batch: Batch) -> None:
    """Add the batch to its cell, and record the published part of each row."""
    try:
        upsert(db, team_shown, [row | {"folded": batch.key.kind} for row in batch.group.shown])
    except IntegrityError:
        raise ConflictError from None  # a developer's rows were erased
    _, project, target = batch.key
    before = db.execute(select(team_cells).where(_cell(week, (project, target)))).first()
    total = counters.from_text(before.measures) if before else {}
    counters.add(total, counters.without(batch.group.new, "x:", "r:", "f:"))
    values = {
        "connection_id": week.connection,
        "week": week.monday,
        "project": project,
        "target": target,
        "developers": max(before.developers if before else 0, len(batch.group.developers)),  # until they are counted
        "measures": counters.to_text(total),
        "exit_codes": before.exit_codes if before else "{}",
        "checkouts": before.checkouts if before else "{}",
    }
    upsert(db, team_cells, [values])


class _Counts(NamedTuple):
    """The developers of each cell, of each project, and, under the empty name, of all."""

    cells: dict[Name, int]
    projects: dict[str, int]


def _counts(week: Week, db: Connection) -> _Counts:
    c = team_shown.c
    shown = select(func.count(distinct(c.person))).where(week.of(team_shown))
    owns = shown.add_columns(c.project, c.target).where(c.folded == TARGET).group_by(c.project, c.target)
    rests = shown.add_columns(c.project).where(c.folded == PROJECT_REST, c.project != REST).group_by(c.project)
    of_no_project = or_(c.folded == REST_OF_ALL, and_(c.folded == PROJECT_REST, c.project == REST))
    cells = {(row[1], row[2]): row[0] for row in db.execute(owns)}
    cells |= {(row[1], REST): row[0] for row in db.execute(rests)}
    cells[REST, REST] = db.scalar(shown.where(of_no_project)) or 0
    named = shown.add_columns(c.project).where(c.folded != REST_OF_ALL, c.project != REST).group_by(c.project)
    return _Counts(cells, {row[1]: row[0] for row in db.execute(named)} | {REST: db.scalar(shown) or 0})


def _count(db: Connection, week: Week, counts: _Counts) -> None:
    """Store the numbers of developers. None falls, since the sums still include erased developers."""
    for name, developers in counts.cells.items():
        fewer = and_(_cell(week, name), team_cells.c.developers < developers)
        db.execute(update(team_cells).where(fewer), {"developers": developers})
    before = json.loads(db.scalar(select(team_weeks.c.developers).where(week.of(team_weeks))) or "{}")
    now = before | {name: max(number, before.get(name, 0)) for name, number in counts.projects.items()}
    values = {"developers": json.dumps(now, ensure_ascii=False)}
    db.execute(update(team_weeks).where(week.of(team_weeks)), values)


def _update_profile(database: Database, week: Week, k: int, version: int, groups: PendingGroups) -> int:
    """Publish the week's profile if it changed; the version after that."""
    before, reporters = database.read(partial(profile.read_reporters, week=week))
    now = profile.updated(before, reporters, groups.waiting(), k)
    if now == before:
        return version
    return change_at_version(database, week, k, version, partial(profile.store, week=week, now=now))


def _read_breakdowns(database: Database, week: Week) -> tuple[dict[Name, Breakdown], MachineRows]:
    """The exit codes and checkouts of each target's cell, and the machines of all. Read day by day: rows are many."""
    parts: dict[Name, Breakdown] = {}
    machines = MachineRows()
    for day in week.days:
        for row in database.read(partial(_own_rows, week=week, day=day)):
            measures = counters.from_text(row.measures)
            parts.setdefault((row.project, row.target), Breakdown()).add(row.person, measures)
            machines.add(row, measures)
    return parts, machines


def _own_rows(db: Connection, week: Week, day: date) -> list[Row[Any]]:
    c = team_shown.c
    machine = (reports.c[name] for name in ("os", "architecture", "memory_gib", "cores"))
    query = select(c.project, c.target, c.person, c.measures, *machine)
    query = query.select_from(team_shown.join(reports, same_day(team_shown, reports)))
    return list(db.execute(query.where(c.connection_id == week.connection, c.date == day, c.folded == TARGET)))


def _settle(db: Connection, week: Week, k: int, breakdowns: Mapping[Name, Breakdown], machines: MachineRows) -> None:
    """Publish exit codes, checkouts and machines: once, long after the week."""
    profile.store_machines(db, week, machines.kinds(k))
    for name, part in breakdowns.items():
        whole = counters.from_text(db.scalar(select(team_cells.c.measures).where(_cell(week, name))) or "{}")
        values = {
            "exit_codes": counters.to_text(part.exit_codes(k, whole)),
            "checkouts": counters.to_text(part.checkouts(k, whole)),
        }
        db.execute(update(team_cells).where(_cell(week, name)), values)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": SETTLED})


def _close(db: Connection, week: Week) -> None:
    """Nothing more of this week is published."""
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": CLOSED})


def _forget_shown(db: Connection, week: Week, day: date) -> None:
    """Delete the record of published parts: a closed week needs none."""
    shown = and_(team_shown.c.connection_id == week.connection, team_shown.c.date == day)
    db.execute(delete(team_shown).where(shown))


def _cell(week: Week, name: Name) -> ColumnElement[bool]:
    return and_(week.of(team_cells), team_cells.c.project == name[0], team_cells.c.target == name[1])

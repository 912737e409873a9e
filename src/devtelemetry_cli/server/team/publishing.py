"""Rows -> cells: a team's view of a week, in which no two states differ by fewer than k developers.

A cell holds the totals of a target's runs in one week. A row is in one cell at most, and enters it together with rows
of at least k developers, so that any sum or difference of published numbers, of today and of earlier, is made of such
groups. Rows of too few developers wait for more; long after the week they are published in the rest of their project,
or in the rest of all, if that has k developers.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from devtelemetry_cli.server.db.database import ConflictError, Database, DatabaseBusyError, is_retryable
from devtelemetry_cli.server.db.tables import daily_metrics, team_cells, team_shown, team_weeks
from devtelemetry_cli.server.team import cell_rows, counters, profile
from devtelemetry_cli.server.team.breakdown import Breakdown
from devtelemetry_cli.server.team.grouping import Batch, CellKey, PendingGroups, portions
from devtelemetry_cli.server.team.machines import MachineRows
from devtelemetry_cli.server.team.statistics import Name
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
    for batches in portions(_batches(database, week, groups, settles or closes, stopped)):
        version = change_at_version(database, week, k, version, partial(cell_rows.add, week=week, batches=batches))
    changed = version - begun
    if changed:
        counts = database.read(partial(cell_rows.read_counts, week=week))
        counting = partial(cell_rows.store_counts, week=week, counts=counts)
        version = change_at_version(database, week, k, version, counting)
    version = _update_profile(database, week, k, version, groups)
    if settles and database.read(partial(cell_rows.names, week=week)):  # without cells it stays open to a smaller k
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
    names = database.read(partial(cell_rows.names, week=week))

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
        for row in database.read(partial(cell_rows.own_rows, week=week, day=day)):
            measures = counters.from_text(row.measures)
            parts.setdefault((row.project, row.target), Breakdown()).add(row.person, measures)
            machines.add(row, measures)
    return parts, machines


def _settle(db: Connection, week: Week, k: int, breakdowns: Mapping[Name, Breakdown], machines: MachineRows) -> None:
    """Publish exit codes, checkouts and machines: once, long after the week."""
    profile.store_machines(db, week, machines.kinds(k))
    cell_rows.store_breakdowns(db, week, k, breakdowns)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": SETTLED})


def _close(db: Connection, week: Week) -> None:
    """Nothing more of this week is published."""
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": CLOSED})


def _forget_shown(db: Connection, week: Week, day: date) -> None:
    """Delete the record of published parts: a closed week needs none."""
    shown = and_(team_shown.c.connection_id == week.connection, team_shown.c.date == day)
    db.execute(delete(team_shown).where(shown))

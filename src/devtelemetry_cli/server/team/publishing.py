"""Rows -> cells: what a team may see of a week, made so that no two states of it differ by fewer than k developers.

A cell is what a week's runs of one target amount to. Every row is in one cell at most, and comes into it together
with the rows of at least k developers: what is shown, added up and subtracted in whatever way, today's and
yesterday's, is always made of such groups. Rows that are too few wait for others; when the week is long over they
are shown together with the rest of their project's, or of all projects, where that makes k developers.
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
from devtelemetry_cli.server.db.database import ConflictError, Database, DatabaseBusyError, lost_against_another
from devtelemetry_cli.server.db.tables import daily_metrics, team_cells, team_shown, team_weeks
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.breakdown import TOGETHER, Breakdown
from devtelemetry_cli.server.team.cells import monday
from devtelemetry_cli.server.team.grouping import EVERYBODYS, OWN, PROJECTS, Batch, Waiting
from devtelemetry_cli.server.team.unpublished import Week, of_day

OPEN, SETTLED, CLOSED = "open", "settled", "closed"
SETTLED_AFTER = timedelta(days=10)  # from its Monday: three days for reports that come late
CLOSED_AFTER = timedelta(days=105)  # a client gives a day up after 90
RECENT = timedelta(days=14)
AWAY = (OperationalError, InterfaceError, PoolTimeoutError, DatabaseBusyError)

Name = tuple[str, str]  # project and target
Stopped = Callable[[], bool]


def publish(database: Database, k: int, today: date, everything: bool, stopped: Stopped) -> int:
    """Bring the cells of recent weeks, or of every open one, up to what their rows allow; how often cells changed.

    Small transactions: nobody who reports waits for long. Of two processes at one week, one gives way. A week that
    cannot be published holds up no other: its error is raised after them.
    """
    changed = 0
    fault: Exception | None = None
    for week in database.read(lambda db: _weeks(db, None if everything else today - RECENT)):
        if stopped():
            break
        try:
            changed += _publish_week(database, week, k, today, stopped)
        except Exception as error:  # whatever one week's rows hold, the others are shown
            if lost_against_another(error):
                continue  # another process publishes it, or a developer's rows went meanwhile: the next round sees
            if isinstance(error, AWAY):
                raise
            fault = fault or error
    if fault is not None:
        raise fault
    return changed


def _publish_week(database: Database, week: Week, k: int, today: date, stopped: Stopped) -> int:
    state, turn, k = database.write(partial(_begin, week=week, k=k))
    if state == CLOSED:
        return 0
    settles, closes = state == OPEN and today >= week.monday + SETTLED_AFTER, today >= week.monday + CLOSED_AFTER
    begun = turn
    for batch in _batches(database, week, k, settles or closes, stopped):
        turn = _in_turn(database, week, k, turn, partial(_add, week=week, batch=batch))
    changed = turn - begun
    if changed:
        turn = _in_turn(
            database, week, k, turn, partial(_count, week=week, counts=database.read(partial(_counts, week)))
        )
    if settles:
        told = _breakdowns(database, week)
        turn = _in_turn(database, week, k, turn, partial(_settle, week=week, k=k, told=told))
    if closes:
        _in_turn(database, week, k, turn, partial(_close, week=week))
        for day in week.days:  # one by one, so that nobody who reports waits long
            database.write(partial(_forget_shown, week=week, day=day))
    return changed


def _in_turn(database: Database, week: Week, k: int, turn: int, work: Callable[[Connection], None]) -> int:
    """Do `work` if nothing changed the week since it was of `k` and at `turn`; the next turn. Else ConflictError."""

    def guarded(db: Connection) -> None:
        mine = and_(week.of(team_weeks), team_weeks.c.k == k, team_weeks.c.turn == turn)
        if db.execute(update(team_weeks).where(mine), {"turn": turn + 1}).rowcount != 1:
            raise ConflictError  # another process was here: these rows may be shown already
        work(db)

    database.write(guarded, attempts=1)
    return turn + 1


def _weeks(db: Connection, since: date | None) -> list[Week]:
    """The weeks that have reports."""
    query = select(daily_metrics.c.connection_id, daily_metrics.c.date).distinct()
    if since is not None:
        query = query.where(daily_metrics.c.date >= since)
    found = {Week(row.connection_id, monday(row.date)) for row in db.execute(query)}
    return sorted(found, key=lambda week: (week.monday, week.connection))


def _begin(db: Connection, week: Week, k: int) -> tuple[str, int, int]:
    """The week's state and turn, and the fewest developers that its cells are made of.

    One whose cells were made of fewer than are asked for now begins again. Where fewer are asked for, a week that ever
    had cells (turn) goes on as it is: one of groups of both sizes would pass for one of the larger, and cells made anew
    differ from those before by single developers.
    """
    row = db.execute(select(team_weeks).where(week.of(team_weeks))).first()
    if row is not None and (row.k == k or (row.k > k and row.turn)):
        return row.state, row.turn, row.k
    for table in (team_cells, team_shown, team_weeks):
        db.execute(delete(table).where(week.of(table)))
    turn = row.turn + 1 if row and row.turn else 0  # whoever is at the old cells gives way
    values = {"connection_id": week.connection, "week": week.monday, "k": k, "state": OPEN, "turn": turn}
    try:
        db.execute(insert(team_weeks), values | {"developers": "{}"})
    except IntegrityError:
        raise ConflictError from None  # another process begins it
    return OPEN, turn, k


def _batches(database: Database, week: Week, k: int, rest: bool, stopped: Stopped) -> Iterator[Batch]:
    """What can be shown of the rows that wait; with `rest` also what is only enough together."""
    waiting = Waiting(k)
    for day in week.days:
        if stopped():
            raise ConflictError  # the rest of the week is for the next round
        for row in database.read(partial(of_day, week=week, day=day)):
            if batch := waiting.add(row):
                yield batch
    yield from waiting.own()
    if rest:
        yield from waiting.rest()


def _add(db: Connection, week: Week, batch: Batch) -> None:
    """Add what is new to the cell, and remember what of each row is in a cell now."""
    try:
        upsert(db, team_shown, [row | {"folded": batch.place.folded} for row in batch.group.shown])
    except IntegrityError:
        raise ConflictError from None  # a developer's rows went
    _, project, target = batch.place
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
    owns = shown.add_columns(c.project, c.target).where(c.folded == OWN).group_by(c.project, c.target)
    rests = shown.add_columns(c.project).where(c.folded == PROJECTS, c.project != TOGETHER).group_by(c.project)
    nobodys = or_(c.folded == EVERYBODYS, and_(c.folded == PROJECTS, c.project == TOGETHER))
    cells = {(row[1], row[2]): row[0] for row in db.execute(owns)}
    cells |= {(row[1], TOGETHER): row[0] for row in db.execute(rests)}
    cells[TOGETHER, TOGETHER] = db.scalar(shown.where(nobodys)) or 0
    named = shown.add_columns(c.project).where(c.folded != EVERYBODYS, c.project != TOGETHER).group_by(c.project)
    return _Counts(cells, {row[1]: row[0] for row in db.execute(named)} | {TOGETHER: db.scalar(shown) or 0})


def _count(db: Connection, week: Week, counts: _Counts) -> None:
    """Say of how many developers it all is. No number falls: what the forgotten did is in the sums still."""
    for name, developers in counts.cells.items():
        fewer = and_(_cell(week, name), team_cells.c.developers < developers)
        db.execute(update(team_cells).where(fewer), {"developers": developers})
    before = json.loads(db.scalar(select(team_weeks.c.developers).where(week.of(team_weeks))) or "{}")
    now = before | {name: max(number, before.get(name, 0)) for name, number in counts.projects.items()}
    values = {"developers": json.dumps(now, ensure_ascii=False)}
    db.execute(update(team_weeks).where(week.of(team_weeks)), values)


def _breakdowns(database: Database, week: Week) -> dict[Name, Breakdown]:
    """How the runs of each target's cell ended, and on which checkouts. Day by day, as there are many rows."""
    parts: dict[Name, Breakdown] = {}
    for day in week.days:
        for row in database.read(partial(_own_rows, week=week, day=day)):
            parts.setdefault((row.project, row.target), Breakdown()).add(row.person, counters.from_text(row.measures))
    return parts


def _own_rows(db: Connection, week: Week, day: date) -> list[Row[Any]]:
    c = team_shown.c
    query = select(c.project, c.target, c.person, c.measures)
    return list(db.execute(query.where(c.connection_id == week.connection, c.date == day, c.folded == OWN)))


def _settle(db: Connection, week: Week, k: int, told: Mapping[Name, Breakdown]) -> None:
    """The week is long over: tell how the runs of each cell ended, and on which checkouts they stood. Only once."""
    for name, part in told.items():
        whole = counters.from_text(db.scalar(select(team_cells.c.measures).where(_cell(week, name))) or "{}")
        values = {
            "exit_codes": counters.to_text(part.exit_codes(k, whole)),
            "checkouts": counters.to_text(part.checkouts(k, whole)),
        }
        db.execute(update(team_cells).where(_cell(week, name)), values)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": SETTLED})


def _close(db: Connection, week: Week) -> None:
    """Nothing of the week comes any more."""
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": CLOSED})


def _forget_shown(db: Connection, week: Week, day: date) -> None:
    """What was remembered for later reports: of no use in a closed week."""
    shown = and_(team_shown.c.connection_id == week.connection, team_shown.c.date == day)
    db.execute(delete(team_shown).where(shown))


def _cell(week: Week, name: Name) -> ColumnElement[bool]:
    return and_(week.of(team_cells), team_cells.c.project == name[0], team_cells.c.target == name[1])

"""Rows -> cells: what a team may see of a week, made so that no two states of it differ by fewer than k developers.

A cell is what a week's runs of one target amount to. Every row is in one cell at most, and comes into it together
with the rows of at least k developers: what is shown, added up and subtracted in whatever way, today's and
yesterday's, is always made of such groups. Rows that are too few wait for others; when the week is long over they
are shown together with the rest of their project's, or of all projects, where that makes k developers.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, and_, delete, distinct, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.receiver.database import ConflictError, Database, upsert
from devtelemetry_cli.receiver.tables import daily_metrics, team_cells, team_shown, team_weeks
from devtelemetry_cli.receiver.team import measures
from devtelemetry_cli.receiver.team.breakdown import TOGETHER, Breakdown
from devtelemetry_cli.receiver.team.pending import Group, Week, of_day

OPEN, SETTLED, CLOSED = "open", "settled", "closed"
SETTLED_AFTER = timedelta(days=10)  # from its Monday: three days for reports that come late
CLOSED_AFTER = timedelta(days=105)  # a client gives a day up after 90
RECENT = timedelta(days=14)
MOST_ROWS = 5000  # in one transaction, where a target has as many
OWN, PROJECTS, EVERYBODYS = 0, 1, 2  # how far a row was folded

Name = tuple[str, str]  # project and target


class _Batch(NamedTuple):
    """A group that is enough for a cell."""

    cell: Name
    folded: int
    group: Group


def publish(database: Database, k: int, today: date, everything: bool, stopped: Callable[[], bool]) -> int:
    """Bring the cells of recent weeks, or of every open one, up to what their rows allow; how often cells changed.

    Small transactions: nobody who reports waits for long. Of two processes at one week, one gives way.
    """
    changed = 0
    for week in database.read(lambda db: _weeks(db, None if everything else today - RECENT)):
        if stopped():
            break
        try:
            changed += _publish_week(database, week, k, today)
        except ConflictError:
            continue  # another process publishes it, or a developer's rows went meanwhile: the next round sees
    return changed


def _publish_week(database: Database, week: Week, k: int, today: date) -> int:
    state, turn = database.write(partial(_begin, week=week, k=k))
    if state == CLOSED:
        return 0
    settles, closes = state == OPEN and today >= week.monday + SETTLED_AFTER, today >= week.monday + CLOSED_AFTER
    changed = 0
    for batch in _batches(database, week, k, rest=settles or closes):
        database.write(partial(_add, week=week, turn=turn + changed, batch=batch), attempts=1)
        changed += 1
    if changed:
        database.write(partial(_count, week=week))
    if settles:
        database.write(partial(_settle, week=week, k=k))
    if closes:
        database.write(partial(_close, week=week))
    return changed


def _weeks(db: Connection, since: date | None) -> list[Week]:
    """The weeks that have reports."""
    query = select(daily_metrics.c.connection_id, daily_metrics.c.date).distinct()
    if since is not None:
        query = query.where(daily_metrics.c.date >= since)
    found = {Week(row.connection_id, row.date - timedelta(days=row.date.weekday())) for row in db.execute(query)}
    return sorted(found, key=lambda week: (week.monday, week.connection))


def _begin(db: Connection, week: Week, k: int) -> tuple[str, int]:
    """The week's state and turn. One whose cells were made of fewer developers than are asked for now begins again."""
    row = db.execute(select(team_weeks).where(week.of(team_weeks))).first()
    if row is not None and row.k >= k:
        return row.state, row.turn
    for table in (team_cells, team_shown, team_weeks):
        db.execute(delete(table).where(week.of(table)))
    values = {"connection_id": week.connection, "week": week.monday, "k": k, "state": OPEN, "turn": 0}
    try:
        db.execute(insert(team_weeks), values | {"developers": "{}"})
    except IntegrityError:
        raise ConflictError from None  # another process begins it
    return OPEN, 0


def _batches(database: Database, week: Week, k: int, rest: bool) -> Iterator[_Batch]:
    """What can be shown of the rows that wait; with `rest` also what is only enough together."""
    groups: dict[Name, Group] = {}
    for day in week.days:
        for row in database.read(partial(of_day, week=week, day=day)):
            name = (row.project, row.target)
            group = groups.setdefault(name, Group())
            group.add(row)
            if len(group.shown) >= MOST_ROWS and _is_enough(name, group, k):
                yield _Batch(name, OWN, groups.pop(name))
    for name in [name for name, group in groups.items() if _is_enough(name, group, k)]:
        yield _Batch(name, OWN, groups.pop(name))
    if rest:
        yield from _folded(groups, k)


def _is_enough(name: Name, group: Group, k: int) -> bool:
    return len(group.developers) >= k and name[1] != TOGETHER


def _folded(groups: dict[Name, Group], k: int) -> Iterator[_Batch]:
    """The rest of each project where that is enough, and of all projects together."""
    projects: dict[str, Group] = {}
    for (project, _), group in groups.items():
        projects.setdefault(project, Group()).join(group)
    everybodys = Group()
    for project, group in projects.items():
        if len(group.developers) >= k:
            yield _Batch((project, TOGETHER), PROJECTS, group)
        else:
            everybodys.join(group)
    if len(everybodys.developers) >= k:
        yield _Batch((TOGETHER, TOGETHER), EVERYBODYS, everybodys)


def _add(db: Connection, week: Week, turn: int, batch: _Batch) -> None:
    """Add what is new to the cell, and remember what of each row is in a cell now."""
    mine = and_(week.of(team_weeks), team_weeks.c.turn == turn)
    if db.execute(update(team_weeks).where(mine), {"turn": turn + 1}).rowcount != 1:
        raise ConflictError  # another process was here: these rows may be shown already
    try:
        upsert(db, team_shown, [row | {"folded": batch.folded} for row in batch.group.shown])
    except IntegrityError:
        raise ConflictError from None  # a developer's rows went
    project, target = batch.cell
    cell = and_(week.of(team_cells), team_cells.c.project == project, team_cells.c.target == target)
    before = db.execute(select(team_cells).where(cell)).first()
    total = measures.from_text(before.measures) if before else {}
    measures.add(total, measures.without(batch.group.new, "x:", "r:", "f:"))
    values = {
        "connection_id": week.connection,
        "week": week.monday,
        "project": project,
        "target": target,
        "developers": max(before.developers if before else 0, len(batch.group.developers)),  # until they are counted
        "measures": measures.to_text(total),
        "exit_codes": before.exit_codes if before else "{}",
        "checkouts": before.checkouts if before else "{}",
    }
    upsert(db, team_cells, [values])


def _count(db: Connection, week: Week) -> None:
    """Count the developers of each cell, of each project that has cells, and of all."""
    person = func.count(distinct(team_shown.c.person))
    own = (team_shown.c.project, team_shown.c.target)
    shown = select(person).where(week.of(team_shown))
    counts: dict[Name, int] = {}
    query = shown.add_columns(*own).where(team_shown.c.folded == OWN).group_by(*own)
    counts |= {(row[1], row[2]): row[0] for row in db.execute(query)}
    query = shown.add_columns(team_shown.c.project).where(team_shown.c.folded == PROJECTS)
    counts |= {(row[1], TOGETHER): row[0] for row in db.execute(query.group_by(team_shown.c.project))}
    if everybodys := db.scalar(shown.where(team_shown.c.folded == EVERYBODYS)):
        counts[TOGETHER, TOGETHER] = everybodys
    for (project, target), developers in counts.items():
        cell = and_(week.of(team_cells), team_cells.c.project == project, team_cells.c.target == target)
        db.execute(update(team_cells).where(cell), {"developers": developers})
    told = {project for project, _ in counts if project != TOGETHER}
    query = shown.add_columns(team_shown.c.project).group_by(team_shown.c.project)
    projects = {row[1]: row[0] for row in db.execute(query) if row[1] in told}
    text = json.dumps(projects | {TOGETHER: db.scalar(shown) or 0}, ensure_ascii=False)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"developers": text})


def _settle(db: Connection, week: Week, k: int) -> None:
    """The week is long over: tell how the runs of each cell ended, and on which checkouts they stood."""
    parts: dict[Name, Breakdown] = {}
    query = select(team_shown.c.project, team_shown.c.target, team_shown.c.person, team_shown.c.measures)
    for row in db.execute(query.where(week.of(team_shown), team_shown.c.folded == OWN)):
        parts.setdefault((row.project, row.target), Breakdown()).add(row.person, measures.from_text(row.measures))
    for (project, target), part in parts.items():
        values = {
            "exit_codes": measures.to_text(part.exit_codes(k)),
            "checkouts": measures.to_text(part.checkouts(k)),
        }
        cell = and_(week.of(team_cells), team_cells.c.project == project, team_cells.c.target == target)
        db.execute(update(team_cells).where(cell), values)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": SETTLED})


def _close(db: Connection, week: Week) -> None:
    """Nothing of the week comes any more: what was remembered for that is deleted."""
    db.execute(delete(team_shown).where(week.of(team_shown)))
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": CLOSED})

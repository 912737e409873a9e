"""Rows -> cells: what a team may see of a week, made so that no two states of it differ by fewer than k developers.

A cell is what a week's runs of one target amount to. Every row is in one cell at most, and comes into it together
with the rows of at least k developers: what is shown, added up and subtracted in whatever way, today's and
yesterday's, is always made of such groups. Rows that are too few wait for others; when the week is long over they
are shown together with the rest of their project's, or of all projects, where that makes k developers.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, delete, distinct, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.receiver.database import ConflictError, Database, upsert
from devtelemetry_cli.receiver.tables import daily_metrics, reports, target_metrics, team_cells, team_shown, team_weeks
from devtelemetry_cli.receiver.team import breakdown, measures
from devtelemetry_cli.receiver.team.breakdown import TOGETHER
from devtelemetry_cli.receiver.team.pending import ROW, Pending, Week, developers, find, waiting

OPEN, SETTLED, CLOSED = "open", "settled", "closed"
SETTLED_AFTER = timedelta(days=10)  # from its Monday: three days for reports that come late
CLOSED_AFTER = timedelta(days=105)  # a client gives a day up after 90
RECENT = timedelta(days=14)
OWN, PROJECTS, EVERYBODYS = 0, 1, 2  # how far a row was folded


def publish(database: Database, k: int, today: date, everything: bool, stopped: Callable[[], bool]) -> int:
    """Bring the cells of recent weeks, or of every open one, up to what their rows allow; how many changed.

    For one process at a time. Small transactions: nobody who reports waits for long.
    """
    changed = 0
    for week in database.read(lambda db: _weeks(db, None if everything else today - RECENT)):
        if stopped():
            break
        changed += _publish_week(database, week, k, today)
    return changed


def _publish_week(database: Database, week: Week, k: int, today: date) -> int:
    state = database.write(partial(_begin, week=week, k=k))
    if state == CLOSED:
        return 0
    changed = 0
    for project, target in database.read(partial(_ready, week=week, k=k)):
        changed += database.write(partial(_publish, week=week, k=k, project=project, target=target))
    if state == OPEN and today >= week.monday + SETTLED_AFTER:
        changed += database.write(partial(_settle, week=week, k=k))
    if today >= week.monday + CLOSED_AFTER:
        changed += database.write(partial(_fold_the_rest, week=week, k=k))
    if changed:
        database.write(partial(_count, week=week))
    if today >= week.monday + CLOSED_AFTER:
        database.write(partial(_close, week=week))
    return changed


def _weeks(db: Connection, since: date | None) -> list[Week]:
    """The weeks that have reports, or cells that may have to be made anew."""
    query = select(daily_metrics.c.connection_id, daily_metrics.c.date).distinct()
    if since is not None:
        query = query.where(daily_metrics.c.date >= since)
    found = {Week(row.connection_id, row.date - timedelta(days=row.date.weekday())) for row in db.execute(query)}
    return sorted(found, key=lambda week: (week.monday, week.connection))


def _begin(db: Connection, week: Week, k: int) -> str:
    """The week's state. One whose cells were made of fewer developers than are asked for now begins again."""
    row = db.execute(select(team_weeks).where(week.of(team_weeks))).first()
    if row is not None and row.k >= k:
        return str(row.state)
    for table in (team_cells, team_shown, team_weeks):
        db.execute(delete(table).where(week.of(table)))
    values = {"connection_id": week.connection, "week": week.monday, "k": k, "state": OPEN, "developers": "{}"}
    db.execute(insert(team_weeks), values)
    return OPEN


def _ready(db: Connection, week: Week, k: int) -> list[tuple[str, str]]:
    """The project and target of rows that may be enough to be shown."""
    names = (target_metrics.c.project, target_metrics.c.target)
    enough = func.count(distinct(reports.c.anonymous_id)) >= k
    query = waiting(select(*names), week).group_by(*names).having(enough).order_by(*names)
    return [(row.project, row.target) for row in db.execute(query) if row.target != TOGETHER]


def _publish(db: Connection, week: Week, k: int, project: str, target: str) -> bool:
    """Show what is new of one target, if it is new of k developers; whether it was."""
    named = and_(target_metrics.c.project == project, target_metrics.c.target == target)
    rows = find(db, week, named)
    if len(developers(rows)) < k:
        return False
    _add(db, week, (project, target), rows, OWN)
    return True


def _settle(db: Connection, week: Week, k: int) -> int:
    """The week is long over: show what was too little apart together, and how the runs of each cell ended."""
    changed = _fold_the_rest(db, week, k)
    _break_down(db, week, k)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": SETTLED})
    return changed


def _fold_the_rest(db: Connection, week: Week, k: int) -> int:
    """Show the rows that wait together with the rest of their project's, or of all projects; how many cells changed."""
    changed, left = 0, []
    for project, rows in _by_project(find(db, week)).items():
        if len(developers(rows)) >= k:
            _add(db, week, (project, TOGETHER), rows, PROJECTS)
            changed += 1
        else:
            left += rows
    if len(developers(left)) >= k:
        _add(db, week, (TOGETHER, TOGETHER), left, EVERYBODYS)
        changed += 1
    return changed


def _close(db: Connection, week: Week) -> None:
    """Nothing of the week comes any more: what was remembered for that is deleted."""
    db.execute(delete(team_shown).where(week.of(team_shown)))
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"state": CLOSED})


def _by_project(rows: Iterable[Pending]) -> dict[str, list[Pending]]:
    grouped: dict[str, list[Pending]] = {}
    for one in rows:
        grouped.setdefault(one.row.project, []).append(one)
    return grouped


def _add(db: Connection, week: Week, name: tuple[str, str], rows: Sequence[Pending], folded: int) -> None:
    """Add what is new to the cell, and remember what of each row is in a cell now."""
    shown = [_as_shown(one, folded) for one in rows]
    try:
        upsert(db, team_shown, shown)
    except IntegrityError:
        raise ConflictError from None  # a developer's rows went meanwhile
    project, target = name
    cell = and_(week.of(team_cells), team_cells.c.project == project, team_cells.c.target == target)
    before = db.execute(select(team_cells).where(cell)).first()
    total: measures.Measures = measures.from_text(before.measures) if before else {}
    for one in rows:
        measures.add(total, measures.without(one.new, "x:", "r:", "f:"))
    values = {
        "connection_id": week.connection,
        "week": week.monday,
        "project": project,
        "target": target,
        "developers": _developers_of(db, week, name, folded),
        "measures": measures.to_text(total),
        "exit_codes": before.exit_codes if before else "{}",
        "checkouts": before.checkouts if before else "{}",
    }
    upsert(db, team_cells, [values])


def _as_shown(one: Pending, folded: int) -> dict[str, Any]:
    key = {name: one.row._mapping[name] for name in ROW}
    return key | {
        "person": one.row.anonymous_id,
        "folded": folded if one.row.folded is None else one.row.folded,
        "received_at": one.row.received_at,
        "measures": measures.to_text(one.whole),
    }


def _developers_of(db: Connection, week: Week, name: tuple[str, str], folded: int) -> int:
    project, target = name
    where = [week.of(team_shown), team_shown.c.folded == folded]
    where += [] if folded == EVERYBODYS else [team_shown.c.project == project]
    where += [team_shown.c.target == target] if folded == OWN else []
    return db.scalar(select(func.count(distinct(team_shown.c.person))).where(*where)) or 0


def _count(db: Connection, week: Week) -> None:
    """Count the developers of each project that has cells, and of all."""
    person = func.count(distinct(team_shown.c.person))
    query = select(team_shown.c.project, person).where(week.of(team_shown)).group_by(team_shown.c.project)
    told = set(db.scalars(select(team_cells.c.project).where(week.of(team_cells)).distinct()))
    counts = {row[0]: row[1] for row in db.execute(query) if row[0] in told and row[0] != TOGETHER}
    counts[TOGETHER] = db.scalar(select(person).where(week.of(team_shown))) or 0
    text = json.dumps(counts, ensure_ascii=False)
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"developers": text})


def _break_down(db: Connection, week: Week, k: int) -> None:
    """How the runs in each cell ended, and on which checkouts they stood."""
    for cell in db.execute(select(team_cells.c.project, team_cells.c.target).where(week.of(team_cells))).all():
        if cell.target == TOGETHER:
            continue
        named = and_(team_shown.c.project == cell.project, team_shown.c.target == cell.target)
        own = db.execute(select(team_shown).where(week.of(team_shown), named, team_shown.c.folded == OWN))
        shown = [(row.person, measures.from_text(row.measures)) for row in own]
        values = {
            "exit_codes": measures.to_text(breakdown.exit_codes(shown, k)),
            "checkouts": measures.to_text(breakdown.checkouts(shown, k)),
        }
        where = and_(week.of(team_cells), team_cells.c.project == cell.project, team_cells.c.target == cell.target)
        db.execute(update(team_cells).where(where), values)

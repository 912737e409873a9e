"""The stored cells of a week: batches added, developers counted, and breakdowns. In transactions of publishing.py."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, distinct, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from devtelemetry_cli.server.db.bulk import write_rows
from devtelemetry_cli.server.db.database import ConflictError
from devtelemetry_cli.server.db.tables import reports, same_day, team_cells, team_shown, team_weeks
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.breakdown import REST, Breakdown
from devtelemetry_cli.server.team.grouping import PROJECT_REST, REST_OF_ALL, TARGET, Batch
from devtelemetry_cli.server.team.statistics import Name
from devtelemetry_cli.server.team.unpublished import Week, on_day

# One cell; the values are given at the execution.
_CELL = and_(
    team_cells.c.connection_id == bindparam("in_connection"),
    team_cells.c.week == bindparam("in_week"),
    team_cells.c.project == bindparam("in_project"),
    team_cells.c.target == bindparam("in_target"),
)
_OWN_ROWS = (
    select(*(team_shown.c[name] for name in ("project", "target", "person", "measures")))
    .add_columns(*(reports.c[name] for name in ("os", "architecture", "memory_gib", "cores")))
    .select_from(team_shown.join(reports, same_day(team_shown, reports)))
    .where(on_day(team_shown), team_shown.c.folded == TARGET)
)


def names(db: Connection, week: Week) -> set[Name]:
    """The projects and targets of the week's cells."""
    c = team_cells.c
    return {(row.project, row.target) for row in db.execute(select(c.project, c.target).where(week.of(team_cells)))}


def add(db: Connection, week: Week, batches: Sequence[Batch]) -> None:
    """Add the batches to their cells, and record the published part of each row."""
    shown = [row | {"folded": batch.key.kind} for batch in batches for row in batch.group.shown]
    try:
        write_rows(db, team_shown, shown, replace=True)
    except IntegrityError:
        raise ConflictError from None  # a developer's rows were erased
    stored = _cells(db, week)
    changed: dict[Name, Mapping[Any, Any]] = {}
    for batch in batches:
        name = (batch.key.project, batch.key.target)  # two kinds of rests without a project have the same
        changed[name] = _grown(week, batch, changed.get(name) or stored.get(name))
    write_rows(db, team_cells, list(changed.values()), replace=True)


def _grown(week: Week, batch: Batch, before: Mapping[Any, Any] | None) -> dict[str, Any]:
    """The row of a cell with the batch in it."""
    total = counters.from_text(before["measures"]) if before else {}
    counters.add(total, counters.without(batch.group.new, "x:", "r:", "f:"))
    return {
        "connection_id": week.connection,
        "week": week.monday.isoformat(),
        "project": batch.key.project,
        "target": batch.key.target,
        "developers": max(before["developers"] if before else 0, len(batch.group.developers)),  # until they are counted
        "measures": counters.to_text(total),
        "exit_codes": before["exit_codes"] if before else "{}",
        "checkouts": before["checkouts"] if before else "{}",
    }


def _cells(db: Connection, week: Week) -> dict[Name, Mapping[Any, Any]]:
    """The cells of the week."""
    found = db.execute(select(team_cells).where(week.of(team_cells))).mappings()
    return {(row["project"], row["target"]): row for row in found}


class Counts(NamedTuple):
    """The developers of each cell, of each project, and, under the empty name, of all."""

    cells: dict[Name, int]
    projects: dict[str, int]


def read_counts(db: Connection, week: Week) -> Counts:
    """The developers whose rows are published."""
    c = team_shown.c
    shown = select(func.count(distinct(c.person))).where(week.of(team_shown))
    owns = shown.add_columns(c.project, c.target).where(c.folded == TARGET).group_by(c.project, c.target)
    rests = shown.add_columns(c.project).where(c.folded == PROJECT_REST, c.project != REST).group_by(c.project)
    of_no_project = or_(c.folded == REST_OF_ALL, and_(c.folded == PROJECT_REST, c.project == REST))
    cells = {(row[1], row[2]): row[0] for row in db.execute(owns)}
    cells |= {(row[1], REST): row[0] for row in db.execute(rests)}
    cells[REST, REST] = db.scalar(shown.where(of_no_project)) or 0
    named = shown.add_columns(c.project).where(c.folded != REST_OF_ALL, c.project != REST).group_by(c.project)
    return Counts(cells, {row[1]: row[0] for row in db.execute(named)} | {REST: db.scalar(shown) or 0})


def store_counts(db: Connection, week: Week, counts: Counts) -> None:
    """Store the numbers of developers. None falls, since the sums still include erased developers."""
    fewer = and_(_CELL, team_cells.c.developers < bindparam("counted"))
    counted = [_key(week, name) | {"counted": developers} for name, developers in counts.cells.items()]
    db.execute(update(team_cells).where(fewer).values(developers=bindparam("counted")), counted)
    before = json.loads(db.scalar(select(team_weeks.c.developers).where(week.of(team_weeks))) or "{}")
    now = before | {name: max(number, before.get(name, 0)) for name, number in counts.projects.items()}
    values = {"developers": json.dumps(now, ensure_ascii=False)}
    db.execute(update(team_weeks).where(week.of(team_weeks)), values)


def own_rows(db: Connection, week: Week, day: date) -> list[Row[Any]]:
    """The published rows of a day that are in cells of their own, with their machines."""
    return list(db.execute(_OWN_ROWS, {"connection": week.connection, "day": day}))


def store_breakdowns(db: Connection, week: Week, k: int, breakdowns: Mapping[Name, Breakdown]) -> None:
    """Store the exit codes and checkouts of each cell."""
    wholes = {name: counters.from_text(row["measures"]) for name, row in _cells(db, week).items()}
    parts = [
        _key(week, name)
        | {
            "codes": counters.to_text(part.exit_codes(k, wholes[name])),
            "places": counters.to_text(part.checkouts(k, wholes[name])),
        }
        for name, part in breakdowns.items()
        if name in wholes
    ]
    if parts:
        broken_down = update(team_cells).values(exit_codes=bindparam("codes"), checkouts=bindparam("places"))
        db.execute(broken_down.where(_CELL), parts)


def _key(week: Week, name: Name) -> dict[str, Any]:
    """The values of `_CELL`."""
    return {"in_connection": week.connection, "in_week": week.monday, "in_project": name[0], "in_target": name[1]}

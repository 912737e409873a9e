"""Deletion of reports older than the retention time, at start and daily, by one process at a time."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Self

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from devtelemetry_cli.server.db.database import ConflictError, Database, DatabaseBusyError
from devtelemetry_cli.server.db.tables import daily_metrics, forgotten, team_cells, team_weeks
from devtelemetry_cli.server.logs import Log
from devtelemetry_cli.server.team.cells import monday
from devtelemetry_cli.server.team.unpublished import CLOSED

FORGOTTEN_DAYS = 400  # a client gives a day up after 90
DAILY_SECONDS = 24 * 3600.0
RETRY_SECONDS = 600.0  # after the database was unavailable


class Retention:
    """A thread that deletes reports older than `days`, while the context lasts (0: none), and old refusals."""

    def __init__(self, database: Database, days: int, log: Log) -> None:
        self._database = database
        self._days = days
        self._log = log
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End after the current day; the next process deletes the rest."""
        self._closed.set()
        self._thread.join()

    def _delete(self, today: date) -> int:
        """Delete what is too old; how many reports."""
        self._database.write(partial(_delete_forgotten, before=today - timedelta(days=FORGOTTEN_DAYS)))
        return delete_old(self._database, self._days, today, self._closed) if self._days else 0

    def _run(self) -> None:
        wait = 0.0
        while not self._closed.wait(wait):
            try:
                deleted = self._delete(datetime.now(UTC).date())
                wait = DAILY_SECONDS
                if deleted:
                    self._log(f"{deleted} reports older than {self._days} days deleted")
            except (SQLAlchemyError, ConflictError, DatabaseBusyError) as error:
                self._log(f"old reports are not deleted yet: {type(error).__name__}")
                wait = RETRY_SECONDS


def delete_old(database: Database, days: int, today: date, closed: threading.Event) -> int:
    """Delete the reports of days more than `days` before `today`; how many, 0 also if another process does it.

    One transaction per day, so that reports wait only briefly.
    """

    def day_by_day() -> int:
        deleted = 0
        while not closed.is_set() and (old := database.read(lambda db: _oldest(db, today - timedelta(days)))):
            deleted += database.write(partial(_delete, day=old))
        database.write(partial(_delete_weeks, kept_from=today - timedelta(days)))
        return deleted

    return database.try_lock("retention", day_by_day) or 0


def _oldest(db: Connection, kept_from: date) -> date | None:
    day = daily_metrics.c.date
    return db.scalar(select(day).where(day < kept_from).order_by(day).limit(1))


def _delete(db: Connection, day: date) -> int:
    # The record of what is published goes with these rows: sent again, they would be counted twice. So it is closed.
    week = team_weeks.c.week == monday(day)
    db.execute(update(team_weeks).where(week).values(state=CLOSED, turn=team_weeks.c.turn + 1))
    # Foreign keys cascade to devtel's own tables.
    return db.execute(delete(daily_metrics).where(daily_metrics.c.date == day)).rowcount


def _delete_forgotten(db: Connection, before: date) -> None:
    """Refusals of erased IDs: no client sends a report of a day so long ago."""
    db.execute(delete(forgotten).where(forgotten.c.forgotten_at < datetime.combine(before, time.min)))


def _delete_weeks(db: Connection, kept_from: date) -> None:
    """Cells of weeks that ended before `kept_from`."""
    for table in (team_cells, team_weeks):
        db.execute(delete(table).where(table.c.week < kept_from - timedelta(days=6)))

"""The thread that publishes: soon after new reports, and hourly what only the date changes."""

import threading
import time
from datetime import UTC, date, datetime
from functools import partial
from typing import Self

from devtelemetry_cli.server.db.database import Database
from devtelemetry_cli.server.logs import Log
from devtelemetry_cli.server.team import publishing
from devtelemetry_cli.server.team.publishing import RECENT, publish_week
from devtelemetry_cli.server.team.unpublished import Week

PAUSE_SECONDS = 2.0  # reports arrive in bursts
SHARE = 20  # publishing may take a twentieth of the time: reports come first
WHOLE_SECONDS = 3600.0  # between two rounds over every open week
MAX_PAUSE_SECONDS = 5.0  # after a week with many rows
RETRY_SECONDS = 60.0  # after the database was unavailable


class Publisher:
    """Publishes groups of `k` developers while the context lasts; `notify` starts the next round."""

    def __init__(self, database: Database, k: int, log: Log) -> None:
        self._database = database
        self._k = k
        self._log = log
        self._news = threading.Event()
        self._closed = threading.Event()
        self._retry_at: dict[Week, float] = {}
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def notify(self) -> None:
        """A report was stored."""
        self._news.set()

    def __exit__(self, *_error: object) -> None:
        """End after the current transaction; the next process publishes the rest."""
        self._closed.set()
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        whole_at = time.monotonic()
        while not self._closed.is_set():
            self._news.clear()
            everything = time.monotonic() >= whole_at
            pause, is_done = self._round(everything)
            if not is_done:
                self._news.set()  # the new reports are still unpublished
            elif everything:
                whole_at = time.monotonic() + WHOLE_SECONDS
            if not self._closed.wait(pause):
                self._news.wait(max(0.0, whole_at - time.monotonic()))

    def _round(self, everything: bool) -> tuple[float, bool]:
        """Publish once; the seconds to pause, and whether all was published."""
        today = datetime.now(UTC).date()
        try:
            weeks = self._database.read(lambda db: publishing.weeks(db, None if everything else today - RECENT))
            is_done = all(self._publish(week, today) for week in weeks if not self._closed.is_set())
        except Exception as error:  # this thread must go on: the next round may succeed
            self._log_failure(error)
            return RETRY_SECONDS, False
        return PAUSE_SECONDS, is_done

    def _publish(self, week: Week, today: date) -> bool:
        """Publish a week, and pause for SHARE times as long; whether this process could."""
        started = time.monotonic()
        if started < self._retry_at.get(week, 0):
            return True  # the same row would fail again
        work = partial(publish_week, self._database, week, self._k, today, self._closed.is_set)
        done = self._database.try_lock("team", work)
        if done is not None and done[1] is not None:
            self._log_failure(done[1])
            self._retry_at[week] = started + RETRY_SECONDS
        self._closed.wait(min(MAX_PAUSE_SECONDS, SHARE * (time.monotonic() - started)))
        return done is not None

    def _log_failure(self, error: Exception) -> None:
        self._log(f"the team's pages are not up to date yet: {type(error).__name__}")

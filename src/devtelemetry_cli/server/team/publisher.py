"""The thread that publishes: soon after reports came in, and now and then what only time brings about."""

import threading
import time
from datetime import UTC, datetime

from devtelemetry_cli.server.db.database import Database
from devtelemetry_cli.server.middleware import Log
from devtelemetry_cli.server.team.publishing import AWAY, publish

PAUSE_SECONDS = 2.0  # reports come in crowds
SHARE = 20  # a round may take a twentieth of the time: reports come first
WHOLE_SECONDS = 3600.0  # between two rounds over every open week
AGAIN_SECONDS = 60.0  # the database was away


class Publisher:
    """Publishes for groups of `k` developers, until `close`; `reported` tells it that there is something new."""

    def __init__(self, database: Database, k: int, say: Log) -> None:
        self._database = database
        self._k = k
        self._say = say
        self._news = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def reported(self) -> None:
        """A report was stored."""
        self._news.set()

    def close(self) -> None:
        """End, in the middle of the work if need be: what is left is published by the next."""
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
                self._news.set()  # what was reported is new still
            elif everything:
                whole_at = time.monotonic() + WHOLE_SECONDS
            if not self._closed.wait(pause):
                self._news.wait(max(0.0, whole_at - time.monotonic()))

    def _round(self, everything: bool) -> tuple[float, bool]:
        """Publish once; how many seconds to leave the database alone, and whether it is done until there is news."""
        started, today = time.monotonic(), datetime.now(UTC).date()
        try:
            changed = self._database.alone(
                "team", lambda: publish(self._database, self._k, today, everything, self._closed.is_set)
            )
        except Exception as error:  # whatever it is, this thread goes on: the next round may do better
            self._say(f"devtel serve: the team's pages are not brought up to date yet: {type(error).__name__}")
            # One week that cannot be published cannot a minute later: it is tried again with the next round.
            return max(AGAIN_SECONDS, SHARE * (time.monotonic() - started)), not isinstance(error, AWAY)
        return max(PAUSE_SECONDS, SHARE * (time.monotonic() - started)), changed is not None

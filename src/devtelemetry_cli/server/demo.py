"""Made-up reports for a first look at the pages: the same at every start but for their dates.

They take the way of real ones: a day's metrics -> the bytes of a report -> the tables.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.model.metrics import DailyMetrics, Environment, TargetMetrics
from devtelemetry_cli.report.encode import encode
from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.db.database import Database
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.team.publishing import publish

SEED = 20
WEEKS = 14
DEVELOPERS = 26
REPORTS_PER_TRANSACTION = 100
ENVIRONMENT = Environment("Linux", "x86_64", 8, 32, "GNU Make 4.3", "0.1.0")


@dataclass(frozen=True)
class _Habit:
    """How a target is used: runs a day, the middle of their durations in seconds, how many of a hundred fail.

    In the last two weeks durations are multiplied by `slower`, and `fragile` more of a hundred fail.
    """

    project: str
    target: str
    runs: float
    seconds: float
    fail: float
    slower: float = 1.0
    fragile: float = 0.0


HABITS = (
    _Habit("shop", "dev.up", 1.6, 95, 4, slower=1.7),
    _Habit("shop", "test", 9, 42, 22),
    _Habit("shop", "test.e2e", 0.9, 410, 17, fragile=18),
    _Habit("shop", "lint", 6, 7, 12),
    _Habit("shop", "migrate", 0.5, 18, 6),
    _Habit("shop", "static", 1.2, 26, 3),
    _Habit("search", "dev.up", 0.9, 61, 5),
    _Habit("search", "test", 5, 19, 18),
    _Habit("search", "index", 0.7, 230, 9, slower=1.3),
    _Habit("billing", "dev.up", 0.6, 48, 3),
    _Habit("billing", "test", 3, 12, 14),
    _Habit("billing", "docs", 0.1, 33, 2),
)


def fill(database: Database, key: bytes, k: int, today: date) -> None:
    """Fill an empty database with the reports of DEVELOPERS until yesterday, and publish them."""
    new = connections.NewConnection("demonstration", endpoint="devtel serve --demo")
    connection = database.write(lambda db: connections.ensure(db, new))
    made = [(connection, read_report(body, today)) for body in _bodies(today)]
    for first in range(0, len(made), REPORTS_PER_TRANSACTION):
        batch = dict(enumerate(made[first : first + REPORTS_PER_TRANSACTION]))
        database.write(partial(reports.store, key=key, entries=batch))
    publish(database, k, today, everything=True, stopped=lambda: False)


def _bodies(today: date) -> Iterator[bytes]:
    chance = random.Random(SEED)  # noqa: S311 - a story, no secret
    people = [(f"{chance.getrandbits(128):032x}", f"{chance.getrandbits(64):016x}") for _ in range(DEVELOPERS)]
    for age in range(WEEKS * 7, 0, -1):
        day = today - timedelta(days=age)
        late = age <= 14
        for number, (person, host) in enumerate(people):
            if day.weekday() < 5 and chance.random() < 0.85:
                yield encode(_day(day, number, late, chance), person, host, ENVIRONMENT, 1)


def _day(day: date, person: int, late: bool, chance: random.Random) -> DailyMetrics:
    """One developer's day. Each works on one or two of the projects, on a checkout that ages from day to day."""
    metrics = DailyMetrics(day.isoformat(), revision=1, hours=set(range(9, 9 + chance.randint(5, 9))), git_seen=True)
    age = ("0", "1-7", "1-7", "8-30", "8-30", "31-90")[(person + day.toordinal() // 7) % 6]
    for habit in HABITS:
        if habit.project == "shop" or (person % 3 == 0) == (habit.project == "search"):
            place = ("default" if chance.random() < 0.3 else "other", age)
            for _ in range(_poisson(habit.runs, chance)):
                _count(metrics.target(habit.project, habit.target), habit, place, late, chance)
    return metrics


def _count(target: TargetMetrics, habit: _Habit, place: tuple[str, str], late: bool, chance: random.Random) -> None:
    """Count one run."""
    seconds = chance.lognormvariate(0, 0.45) * habit.seconds * (habit.slower if late else 1.0)
    stale = {"31-90": 8, "8-30": 3}.get(place[1], 0)
    failed = chance.random() * 100 < habit.fail + stale + (habit.fragile if late else 0)
    target.runs += 1
    target.waited_seconds += seconds
    if chance.random() < 0.02:
        target.interrupted += 1
        return
    target.failures += failed
    target.duration_total += seconds
    target.duration_max = max(target.duration_max, seconds)
    target.durations[bucket(seconds)] = target.durations.get(bucket(seconds), 0) + 1
    code = "0" if not failed else "2" if chance.random() < 0.9 else "SIGKILL"
    target.exit_codes[code] = target.exit_codes.get(code, 0) + 1
    target.add_checkout(place, 1, int(failed))


def _poisson(mean: float, chance: random.Random) -> int:
    """A Poisson-distributed count with the given mean."""
    count, left = 0, chance.expovariate(1)
    while left < mean:
        count += 1
        left += chance.expovariate(1)
    return count

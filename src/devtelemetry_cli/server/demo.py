"""Made-up reports for a first look at the pages: the same at every start but for their dates (demo_story.py).

They take the way of real ones: a day's metrics -> the bytes of a report -> the tables.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.model.metrics import DailyMetrics, TargetMetrics
from devtelemetry_cli.report.encode import encode
from devtelemetry_cli.server import demo_story as story
from devtelemetry_cli.server.db import connections, events, reports
from devtelemetry_cli.server.db.database import Database
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.team.cells import monday
from devtelemetry_cli.server.team.publishing import publish

SEED = 20
REPORTS_PER_TRANSACTION = 200
AGES = ("0", "1-7", "1-7", "8-30", "8-30", "31-90")
STALE = {"31-90": 8, "8-30": 3}  # more of a hundred fail on old checkouts


def fill(database: Database, key: bytes, k: int, today: date) -> None:
    """Fill an empty database with the story until yesterday, and publish it."""
    new = connections.NewConnection("demonstration", endpoint="devtel serve --demo")
    connection = database.write(lambda db: connections.ensure(db, new))
    database.write(partial(_note_events, today=today))
    made = [(connection, read_report(body, today)) for body in _bodies(today)]
    for first in range(0, len(made), REPORTS_PER_TRANSACTION):
        batch = dict(enumerate(made[first : first + REPORTS_PER_TRANSACTION]))
        database.write(partial(reports.store, key=key, entries=batch))
    publish(database, k, today, everything=True, stopped=lambda: False)


def _note_events(db: Connection, today: date) -> None:
    for one in story.EVENTS:
        day = monday(today) - timedelta(weeks=one.week) + timedelta(days=one.day)
        events.create(db, events.NewEvent(day, one.text, one.project))


def _bodies(today: date) -> Iterator[bytes]:
    chance = random.Random(SEED)  # noqa: S311 - a story, no secret
    people = [(f"{chance.getrandbits(128):032x}", f"{chance.getrandbits(64):016x}") for _ in range(story.DEVELOPERS)]
    days = (monday(today) - timedelta(weeks=story.WEEKS) + timedelta(days=number) for number in range(400))
    for day in days:
        week = (monday(today) - monday(day)).days // 7
        for number, (person, host) in enumerate(people) if day < today and day.weekday() < 5 else ():
            if week <= story.joined(number) and chance.random() < story.PRESENCE:
                environment = story.machine(number, week).environment
                yield encode(_day(day, number, week, chance), person, host, environment, 1)


def _day(day: date, person: int, week: int, chance: random.Random) -> DailyMetrics:
    """One developer's day. Each works on two of the projects, on a checkout that ages from day to day."""
    metrics = DailyMetrics(day.isoformat(), revision=1, hours=set(range(9, 9 + chance.randint(5, 9))), git_seen=True)
    slower = story.machine(person, week).slower
    age = AGES[(person + day.toordinal() // 7) % len(AGES)]
    for habit in story.HABITS:
        if week <= habit.since and story.works_on(person, habit.project):
            place = ("default" if chance.random() < 0.3 else "other", age)
            seconds, fail = habit.at(week)
            for _ in range(_poisson(habit.runs, chance)):
                target = metrics.target(habit.project, habit.name(person))
                _count(target, seconds * slower, fail + STALE.get(age, 0), place, chance)
    return metrics


def _count(target: TargetMetrics, middle: float, fail: float, place: tuple[str, str], chance: random.Random) -> None:
    """Count one run of about `middle` seconds that fails in `fail` of a hundred cases."""
    seconds = chance.lognormvariate(0, 0.45) * middle
    failed = chance.random() * 100 < fail
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

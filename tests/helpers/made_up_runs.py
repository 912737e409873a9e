"""Six weeks of runs in a small company, and the expected contents of a board, computed without SQL."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from devtelemetry_cli.model import histogram

K = 3
BEGIN, END = date(2026, 1, 5), date(2026, 2, 15)  # a Monday, six weeks, a Sunday
NASTY = "<script>alert(1)</script> \"it's\" \\' $k ${k} [[k]] 100% ünï ☕ 日本"
NASTY_PROJECT = "o'hara \\' OR '1'='1 <b>ß</b>"
EVERYWHERE = [("api", "test"), ("api", "build"), ("web", "test"), ("", "lint")]
MANY = [("many", f"t{number:02}") for number in range(10)]

Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One run: person, machine, time, target and result. `code` "SIGINT" was interrupted, any other ended."""

    connection: int
    person: str
    machine: str
    day: date
    hour: int
    project: str
    target: str
    seconds: float
    code: str

    @property
    def completed(self) -> bool:
        return self.code != "SIGINT"

    @property
    def failed(self) -> bool:
        return self.code not in ("0", "SIGINT")


@dataclass(frozen=True)
class Day:
    """The plugin's columns for one report."""

    connection: int
    person: str
    day: date
    hours: int
    tools: Sequence[str] | None
    commands: dict[str, int] | None
    projects: Sequence[str] | None


def runs() -> list[Run]:
    """The same runs every time."""
    dice = random.Random(6)  # noqa: S311 - repeatable, no secret
    everything = [run for number in range(6) for run in _worker(dice, f"person{number}", number)]
    # A connection of its own, a project whose name is hard to quote, and people enough.
    for number in range(4):
        for day in _days(BEGIN, 10):
            everything.append(_run(dice, 1, f"other{number}", day, (NASTY_PROJECT, NASTY)))
    return everything


def other_senders() -> list[Day]:
    """Reports of other senders, whose commands are no targets; omitted lists stay omitted."""
    odd = {NASTY: 3, 'git commit -m "x"': 2, "Git": 1, "git": 5, "": 1, "a.b[0]": 4}
    days = [Day(1, f"stranger{number}", BEGIN, 8, ["vim", NASTY], odd, [NASTY_PROJECT]) for number in range(3)]
    return [*days, Day(1, "stranger0", BEGIN + timedelta(days=1), 0, None, None, None)]


def days(of: Iterable[Run]) -> list[Day]:
    """One report for each day of a person on a machine, as devtel sends it."""
    reports = []
    for (connection, person, _machine, day), own in _groups(of, lambda r: (r.connection, r.person, r.machine, r.day)):
        commands = {f"make {name}": len(some) for name, some in _groups(own, lambda r: r.target)}
        projects = sorted({run.project for run in own} - {""})
        hours = len({run.hour for run in own})
        reports.append(Day(connection, person, day, hours, ["git", "make"], commands, projects))
    return reports


def monday(day: date) -> float:
    """The beginning of the day's week, as Grafana takes a time."""
    return moment(day - timedelta(days=day.weekday()))


def moment(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def exact(seconds: Iterable[float], percent: int) -> float | None:
    """The percentile of the raw durations by nearest rank."""
    ordered = sorted(seconds)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else None


def bucket_middle(seconds: float | None) -> float | None:
    """A histogram's value for an exact duration: the middle of its bucket, within 9.1 %."""
    if seconds is None:
        return None
    middle = histogram.middle(histogram.bucket(seconds))
    assert abs(middle / seconds - 1) < 0.0906
    return middle


def people(of: Iterable[Any]) -> int:
    return len({one.person for one in of})


def shown(of: Iterable[T], key: Callable[[T], Any]) -> list[tuple[Any, list[T]]]:
    """The groups behind which enough people stand."""
    return [(name, group) for name, group in _groups(of, key) if people(group) >= K]


def reporting(of: Sequence[Day], start: Callable[[date], float]) -> list[Row]:
    return [{"time": when, "developers": people(some)} for when, some in shown(of, lambda d: start(d.day))]


def active_hours(of: Sequence[Day]) -> list[Row]:
    rows = []
    for when, some in shown(of, lambda d: monday(d.day)):
        total = sum(day.hours for day in some)
        rows.append({"time": when, "together": total, "each_developer": total / people(some)})
    return rows


def commands(of: Sequence[Day]) -> list[Row]:
    used = [Used(day, name, count) for day in of for name, count in (day.commands or {}).items()]
    groups = shown(used, lambda u: u.name)
    return [{"command": n, "runs": sum(u.count for u in some), "developers": people(some)} for n, some in groups]


def named(of: Sequence[Day], column: str, names: Callable[[Day], Sequence[str] | None]) -> list[Row]:
    """How many people had each name, and on how many days."""
    used = [Used(day, name) for day in of for name in names(day) or ()]
    groups = shown(used, lambda u: u.name)
    return [{column: n, "developers": people(s), "days": len({u.day.day for u in s})} for n, s in groups]


@dataclass(frozen=True)
class Used:
    day: Day
    name: str
    count: int = 1

    @property
    def person(self) -> str:
        return self.day.person


def targets(of: Sequence[Run]) -> list[Row]:
    rows = []
    for (project, target), some in shown(of, lambda r: (r.project, r.target)):
        timed = [run for run in some if run.completed]
        row: Row = {"project": project, "target": target, "developers": people(some), "runs": len(some)}
        row |= {"waited_seconds": sum(r.seconds for r in some), "failure_rate": sum(r.failed for r in some) / len(some)}
        for percent in (50, 90):
            value = exact([run.seconds for run in timed], percent) if people(timed) >= K else None
            row[f"p{percent}"] = bucket_middle(value)
        rows.append(row)
    return rows


def trend(of: Sequence[Run], column: str, value: Callable[[list[Run]], float | None]) -> list[Row]:
    """A value per week for each of the ten targets that were waited for longest."""
    longest = sorted(targets(of), key=lambda row: -row["waited_seconds"])[:10]
    kept = {(row["project"], row["target"]) for row in longest}
    counted = [run for run in of if (run.project, run.target) in kept]
    rows = []
    for (week, project, target), some in shown(counted, lambda r: (monday(r.day), r.project, r.target)):
        rows.append({"time": week, "metric": f"{project} / {target}" if project else target, column: value(some)})
    return [row for row in rows if row[column] is not None]


def waited(of: list[Run]) -> float:
    return sum(run.seconds for run in of)


def failure_rate(of: list[Run]) -> float:
    return sum(run.failed for run in of) / len(of)


def percentile(percent: int) -> Callable[[list[Run]], float | None]:
    def value(of: list[Run]) -> float | None:
        timed = [run for run in of if run.completed]
        return bucket_middle(exact([run.seconds for run in timed], percent)) if people(timed) >= K else None

    return value


def exit_codes(of: Sequence[Run]) -> list[Row]:
    return [
        {"project": project, "target": target, "exit_code": code, "runs": len(some), "developers": people(some)}
        for (project, target, code), some in shown(of, lambda r: (r.project, r.target, r.code))
    ]


def _groups(of: Iterable[T], key: Callable[[T], Any]) -> list[tuple[Any, list[T]]]:
    groups: dict[Any, list[T]] = {}
    for one in of:
        groups.setdefault(key(one), []).append(one)
    return list(groups.items())


def _worker(dice: random.Random, person: str, number: int) -> Iterable[Run]:
    """Somebody's six weeks, and two weeks before those that are looked at."""
    for day in _days(BEGIN - timedelta(days=14), 54):
        if day > date(2026, 2, 8) and number > 1:
            continue  # in the last week only two are there
        for what in dice.sample(EVERYWHERE, 2):
            for _ in range(dice.randint(1, 4)):
                yield _run(dice, 0, person, day, what)
        yield _run(dice, 0, person, day, dice.choice(MANY))
        if number < 2:  # what only two ever ran
            yield _run(dice, 0, person, day, ("api", "secret.deploy"))
        if number == 5:
            yield _run(dice, 0, person, day, ("solo", "test"))
        if number < 4:  # all run it, one lets it end
            yield _run(dice, 0, person, day, ("web", "watch"), "" if number == 0 else "SIGINT")


def _days(begin: date, count: int) -> list[date]:
    every = (begin + timedelta(days=number) for number in range(count))
    return [day for day in every if day.weekday() < 5]


def _run(dice: random.Random, connection: int, person: str, day: date, what: tuple[str, str], code: str = "") -> Run:
    seconds = round(dice.lognormvariate(3 if what[1] == "watch" else len(what[1]) % 5, 1.2), 3)
    code = code or dice.choice(["0"] * 7 + ["2", "1", "SIGINT", "SIGKILL"])
    return Run(connection, person, dice.choice(["desk", "lap"]), day, dice.randint(8, 18), *what, seconds, code)

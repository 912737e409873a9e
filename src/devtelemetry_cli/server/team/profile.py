"""A connection's week beside its cells: developers who report, their versions, and the reports that wait.

Each number is about at least k developers and is rounded down to a multiple of k before it is stored. No number of
developers falls within a week, since the fall after an erasure would be one developer; only what waits does.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from devtelemetry_cli.server.db.tables import daily_metrics, reports, same_day, team_weeks
from devtelemetry_cli.server.team.cells import rounded_down
from devtelemetry_cli.server.team.machines import Kind
from devtelemetry_cli.server.team.unpublished import CLOSED, Week

VERSIONS = ("devtel", "make")
MOST_VERSIONS, LONGEST_VERSION = 20, 40
Counts = dict[str, int]


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The developers who report; `since` is the last day (UTC) on or after which k of them sent a report.

    `versions` has developers by version of each of VERSIONS; a developer who changed it counts for both. `machines` are
    made once, when the week is settled.
    """

    developers: int = 0
    since: date | None = None
    versions: dict[str, Counts] = {}
    waiting_developers: int = 0
    waiting_reports: int = 0
    machines: tuple[Kind, ...] = ()


class WeekProfile(NamedTuple):
    """The profile of a connection's week; `is_open` while its reports may still be published."""

    week: Week
    profile: Profile
    is_open: bool


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Profile).decode


def read_reporters(db: Connection, week: Week) -> tuple[Profile, list[Row[Any]]]:
    """The week's profile as it is stored, and per developer and versions the time of the last report."""
    stored = db.scalar(select(team_weeks.c.profile).where(week.of(team_weeks)))
    who = (reports.c.anonymous_id, reports.c.devtel, reports.c.make)
    source = daily_metrics.join(reports, same_day(daily_metrics, reports))  # the former has an index by date
    query = select(*who, func.max(reports.c.received_at).label("last")).select_from(source)
    return _read(stored), list(db.execute(query.where(week.of(daily_metrics)).group_by(*who)))


def updated(before: Profile, reporters: Iterable[Any], waiting: tuple[int, int], k: int) -> Profile:
    """The profile after `before`; `waiting` are the developers and the reports that wait."""
    last: dict[str, date] = {}
    found: dict[str, dict[str, set[str]]] = {name: {} for name in VERSIONS}
    for row in reporters:
        last[row.anonymous_id] = max(last.get(row.anonymous_id, date.min), row.last.date())
        for name in VERSIONS:
            found[name].setdefault(getattr(row, name)[:LONGEST_VERSION], set()).add(row.anonymous_id)
    newest = sorted(last.values(), reverse=True)
    since = newest[k - 1] if len(newest) >= k else None
    developers, waiting_reports = waiting
    return Profile(
        developers=max(before.developers, rounded_down(len(last), k)),
        since=max((day for day in (since, before.since) if day), default=None),
        versions={
            name: counts for name in VERSIONS if (counts := _counts(before.versions.get(name, {}), found[name], k))
        },
        waiting_developers=rounded_down(developers, k),
        waiting_reports=rounded_down(waiting_reports, k) if developers >= k else 0,
        machines=before.machines,
    )


def store_machines(db: Connection, week: Week, kinds: Iterable[Kind]) -> None:
    """Store the kinds of machines of a settled week."""
    stored = db.scalar(select(team_weeks.c.profile).where(week.of(team_weeks)))
    store(db, week, msgspec.structs.replace(_read(stored), machines=tuple(kinds)))


def store(db: Connection, week: Week, now: Profile) -> None:
    """Store a week's profile."""
    db.execute(update(team_weeks).where(week.of(team_weeks)), {"profile": _encode(now).decode()})


def read(first: date, last: date, k: int) -> Callable[[Connection], list[WeekProfile]]:
    """A function that reads the profiles of weeks, by their Mondays, except those made with a k smaller than `k`."""
    c = team_weeks.c
    query = select(c.connection_id, c.week, c.profile, c.state).where(c.week.between(first, last), c.k >= k)
    return lambda db: [
        WeekProfile(Week(row.connection_id, row.week), _read(row.profile), row.state != CLOSED)
        for row in db.execute(query.order_by(c.week, c.connection_id))
    ]


def _read(text: str | None) -> Profile:
    return _decode(text) if text else Profile()


def _counts(before: Counts, people: Mapping[str, set[str]], k: int) -> Counts:
    now = {version: rounded_down(len(some), k) for version, some in people.items() if version and len(some) >= k}
    both = {version: max(before.get(version, 0), now.get(version, 0)) for version in before | now}
    most = sorted(both, key=lambda version: (-both[version], version))[:MOST_VERSIONS]
    return {version: both[version] for version in sorted(most)}

"""Profiles of weeks -> how devtel is taken up: developers, last report, versions, and what waits. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.server.team.profile import VERSIONS, Counts, WeekProfile
from devtelemetry_cli.server.team.statistics import week_end


@dataclass(frozen=True)
class AdoptionWeek:
    """A week's developers, at least."""

    monday: date
    developers: int
    over: bool
    last: date  # its Sunday, or today


@dataclass(frozen=True)
class Waiting:
    """At least so many reports of so many developers of a week are in no cell; `until` is the next day for a rest."""

    week: date
    developers: int
    reports: int
    until: date


@dataclass(frozen=True)
class Adoption:
    """Numbers of developers are sums of multiples of k per connection.

    `since` is the last day on or after which k developers of a connection sent a report. `versions` (name ->
    version -> developers) are of `versions_week`, the last week that has any.
    """

    weeks: Sequence[AdoptionWeek]
    since: date | None
    versions_week: date | None
    versions: Mapping[str, Counts]
    waiting: Sequence[Waiting]


def adoption(found: Iterable[WeekProfile], today: date) -> Adoption:
    """The adoption in these weeks."""
    by_week: dict[date, list[WeekProfile]] = {}
    for one in found:
        by_week.setdefault(one.week.monday, []).append(one)
    with_versions = [monday for monday, some in by_week.items() if any(one.profile.versions for one in some)]
    newest = max(with_versions, default=None)
    return Adoption(
        weeks=_weeks(by_week, today),
        since=max((one.profile.since for some in by_week.values() for one in some if one.profile.since), default=None),
        versions_week=newest,
        versions={name: _versions(by_week[newest], name) if newest else {} for name in VERSIONS},
        waiting=[waits for _, some in sorted(by_week.items()) if (waits := _waiting(some, today))],
    )


def _weeks(by_week: Mapping[date, Sequence[WeekProfile]], today: date) -> list[AdoptionWeek]:
    """All weeks from the first with developers to the last, those between included."""
    counts = {monday: sum(one.profile.developers for one in some) for monday, some in by_week.items()}
    some = [monday for monday, developers in counts.items() if developers]
    if not some:
        return []
    mondays = [min(some) + timedelta(weeks=number) for number in range((max(some) - min(some)).days // 7 + 1)]
    return [AdoptionWeek(monday, counts.get(monday, 0), *week_end(monday, today)) for monday in mondays]


def _versions(some: Iterable[WeekProfile], name: str) -> Counts:
    """The most used versions first."""
    found: Counts = {}
    for one in some:
        for version, developers in one.profile.versions.get(name, {}).items():
            found[version] = found.get(version, 0) + developers
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _waiting(some: Iterable[WeekProfile], today: date) -> Waiting | None:
    """What waits of one week, of all connections together; None for nothing of at least k developers."""
    shown = [one for one in some if one.is_open and one.profile.waiting_developers]
    if not shown:
        return None
    return Waiting(
        week=shown[0].week.monday,
        developers=sum(one.profile.waiting_developers for one in shown),
        reports=sum(one.profile.waiting_reports for one in shown),
        until=shown[0].week.rests_on(today),
    )

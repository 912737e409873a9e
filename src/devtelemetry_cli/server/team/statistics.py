"""Cells -> the figures that stand on every page: totals, weeks, and the period before. Pure.

Numbers of developers are rounded down to a multiple of k, so that differences between answers never reveal a single
one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from devtelemetry_cli.server.team.cells import Cell, rounded_down
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.totals import Totals, added

Name = tuple[str, str]  # project and target


@dataclass(frozen=True)
class Week:
    """A week's totals until its `last` day, its Sunday or today, and its number of developers, rounded down."""

    monday: date
    totals: Totals
    developers: int
    over: bool
    last: date


@dataclass(frozen=True)
class Sides:
    """The totals of the whole weeks of a period, and of the period before; None if that has no figures."""

    now: Totals
    before: Totals | None


@dataclass(frozen=True)
class Summary:
    """The figures that stand on every page. `per_developer` are seconds waited per developer and whole week.

    Developers are rounded down, so that `per_developer` is the most that it may be; None without whole weeks.
    """

    period: Period
    totals: Totals
    sides: Sides
    weeks: list[Week]
    developers: int
    developers_before: int
    per_developer: float | None
    per_developer_before: float | None


def by_name(cells: Iterable[Cell]) -> dict[Name, list[Cell]]:
    """The cells of each project and target, in their order: of several weeks and connections."""
    named: dict[Name, list[Cell]] = {}
    for cell in cells:
        named.setdefault((cell.project, cell.target), []).append(cell)
    return named


def summary(
    cells: Iterable[Cell], before: Sequence[Cell], developers: Mapping[date, int], period: Period
) -> dict[str, Any]:
    """The fields of a Summary, from the cells that `split` returns and the developers of all weeks."""
    sums, earlier = _by_week(cells), waited_by_week(before)
    weeks = _weeks(sums, developers, period.today)
    whole = {week: total for week, total in sums.items() if week <= period.last_whole}
    waited = {week: total.waited for week, total in whole.items()}
    return {
        "period": period,
        "totals": added(sums.values()),
        "sides": Sides(added(whole.values()), added(cell.totals for cell in before) if before else None),
        "weeks": weeks,
        "developers": max((week.developers for week in weeks), default=0),
        "developers_before": max((developers.get(week, 0) for week in earlier), default=0),
        "per_developer": _per_developer(waited, developers),
        "per_developer_before": _per_developer(earlier, developers),
    }


def split(found: Sequence[Cell], period: Period) -> tuple[list[Cell], list[Cell]]:
    """The cells of the chosen weeks, and those of the period before.

    The latter are none if its first week has none: it began before the reports did.
    """
    first, before_first, last = period.first, period.before, period.last
    cells = [cell for cell in found if first <= cell.week <= last]
    before = [cell for cell in found if before_first <= cell.week < first]
    return cells, before if any(cell.week == before_first for cell in before) else []


def waited_by_week(cells: Iterable[Cell]) -> dict[date, float]:
    """The seconds waited of each week that has cells."""
    found: dict[date, float] = defaultdict(float)
    for cell in cells:
        found[cell.week] += cell.totals.waited
    return dict(found)


def developers_of(cells: Iterable[Cell], k: int) -> dict[date, int]:
    """The developers of each week, rounded down in each cell: the sum reveals no more than the cells."""
    found: dict[date, int] = defaultdict(int)
    for cell in cells:
        found[cell.week] += rounded_down(cell.developers, k)
    return dict(found)


def _by_week(cells: Iterable[Cell]) -> dict[date, Totals]:
    weeks: dict[date, list[Totals]] = defaultdict(list)
    for cell in cells:
        weeks[cell.week].append(cell.totals)
    return {week: added(some) for week, some in weeks.items()}


def _weeks(sums: Mapping[date, Totals], developers: Mapping[date, int], today: date) -> list[Week]:
    """All weeks from the first with runs to the last, weeks without runs included."""
    count = (max(sums) - min(sums)).days // 7 + 1 if sums else 0
    days = [min(sums) + timedelta(weeks=number) for number in range(count)]
    return [_week(day, sums.get(day, Totals()), developers.get(day, 0), today) for day in days]


def _week(monday: date, total: Totals, developers: int, today: date) -> Week:
    return Week(monday, total, developers, *week_end(monday, today))


def week_end(monday: date, today: date) -> tuple[bool, date]:
    """Whether the week of that Monday is over, and its last day so far: its Sunday, or today."""
    sunday = monday + timedelta(days=6)
    return sunday < today, min(sunday, max(today, monday))


def _per_developer(waited: Mapping[date, float], developers: Mapping[date, int]) -> float | None:
    """Seconds waited per developer and week, in the weeks whose developers are known."""
    weeks = [week for week in waited if developers.get(week)]
    return sum(waited[week] for week in weeks) / sum(developers[week] for week in weeks) if weeks else None

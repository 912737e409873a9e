"""Made-up cells for the figures of the team's pages."""

from datetime import date, timedelta

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.team.cells import Cell, CellFilter
from devtelemetry_cli.server.team.previous import Period
from devtelemetry_cli.server.team.totals import totals

TODAY = date(2026, 3, 12)  # a Thursday
LAST = date(2026, 3, 2)  # the Monday of the last whole week


def cell(week: int = 0, target: str = "test", developers: int = 3, project: str = "shop", **given: float) -> Cell:
    """A cell `week` weeks before LAST; `given` are its counters, `seconds` the duration of all of its runs."""
    runs, seconds = given.setdefault("runs", 20), given.pop("seconds", 10)
    whole = given | {f"d:{bucket(seconds)}": runs, "total": runs * seconds}
    return Cell(LAST - timedelta(weeks=week), 1, project, target, developers, totals(whole), {}, {})


def period(weeks: int = 4, today: date = TODAY, running: bool = False) -> Period:
    """The last whole weeks; with `running` also the running week."""
    last = LAST + timedelta(weeks=running)
    return Period.of(CellFilter(None, None, LAST - timedelta(weeks=weeks - 1), last), today)

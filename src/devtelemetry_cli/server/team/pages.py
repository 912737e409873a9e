"""Figures -> HTML, from the templates beside this module. Readable without scripts, network or colours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from devtelemetry_cli import __version__
from devtelemetry_cli.model.formatting import duration, percent_range, share
from devtelemetry_cli.server.db.events import Event
from devtelemetry_cli.server.team import names, runs_charts, stacks, weekly
from devtelemetry_cli.server.team.cells import CellFilter, CellResult, monday
from devtelemetry_cli.server.team.charts import Chart
from devtelemetry_cli.server.team.comparison import ENOUGH_RUNS, FRAGILE, SLOWER, WEEKS_BEFORE, Comparison
from devtelemetry_cli.server.team.detail import Detail
from devtelemetry_cli.server.team.events import marks
from devtelemetry_cli.server.team.overview import Overview
from devtelemetry_cli.server.team.target_rows import COLUMNS, rows
from devtelemetry_cli.server.team.tiles import tiles
from devtelemetry_cli.server.team.weekly import Marks

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "static" / "style.css").read_text(encoding="utf-8")
MOST_CHANGES = 5
THRESHOLDS = {
    "runs": ENOUGH_RUNS,
    "slower": round(100 * (SLOWER - 1)),
    "fragile": round(100 * FRAGILE),
    "weeks": WEEKS_BEFORE,
}
MAX_TARGETS = 50  # in one part of the table; the CSV has all
SPANS = (4, 12, 26, 52)  # weeks to choose, the running one included


class ReportUrl(NamedTuple):
    """The report URL of a connection; `has_token`: reports need one. `is_local`: only from the server's own machine."""

    name: str
    url: str
    has_token: bool
    is_local: bool


@dataclass(frozen=True)
class PageContext:
    """The filter in a page's address, and the values that every page needs. `part` of the table counts from 1."""

    wanted: CellFilter
    today: date
    sorting: str
    part: int
    k: int
    hourly_cost: int
    demo: bool
    session: bool

    @property
    def until(self) -> date:
        """The last day of the last week."""
        return self.wanted.last + timedelta(days=6)

    def spans(self, path: str) -> list[tuple[str, str, bool]]:
        """Periods to choose on the page at `path`: a name, the address, and whether it is the chosen one."""
        now = monday(self.today)
        last = now - timedelta(weeks=1)
        spans = {"last week": (last, last)}
        spans |= {f"{weeks} weeks": (now - timedelta(weeks=weeks - 1), now) for weeks in SPANS}
        chosen = (self.wanted.first, self.wanted.last)
        return [(name, self._link_to(path, *span), span == chosen) for name, span in spans.items()]

    def link(self, path: str = "/", **changes: str) -> str:
        """The address of another page with the same filter but for `changes`; empty values are left out."""
        kept = {
            "project": self.wanted.project or "",
            "from": self.wanted.first.isoformat(),
            "to": self.until.isoformat(),
            "sort": "" if self.sorting == "waited" else self.sorting,
        }
        query = {name: value for name, value in (kept | changes).items() if value}
        return f"{path}?{urlencode(query)}"

    def _link_to(self, path: str, first: date, last: date) -> str:
        """The address of the same page in other weeks."""
        span = {"from": first.isoformat(), "to": (last + timedelta(days=6)).isoformat()}
        return self.link(path, target=self.wanted.target or "", **span)


def overview(
    found: CellResult, shown: Overview, compared: Comparison, noted: Sequence[Event], context: PageContext
) -> str:
    """The overview, with the events of the chosen weeks."""
    parts = max(1, -(-len(shown.targets) // MAX_TARGETS))
    first = MAX_TARGETS * (min(context.part, parts) - 1)
    return render(
        "overview.html",
        context,
        found=found,
        shown=shown,
        tiles=tiles(shown, context.hourly_cost),
        charts=_overview_charts(shown, marks(noted), context) if shown.weeks else [],
        events=noted,
        rows=rows(shown, shown.targets[first : first + MAX_TARGETS], context.link),
        columns=COLUMNS,
        first=first,
        table_parts=parts,
        at_once=MAX_TARGETS,
        compared=compared,
        slower=compared.slower[:MOST_CHANGES],
        fragile=compared.fragile[:MOST_CHANGES],
        faster=compared.faster[:MOST_CHANGES],
        robust=compared.robust[:MOST_CHANGES],
        thresholds=THRESHOLDS,
    )


def empty(report_urls: Sequence[ReportUrl], context: PageContext) -> str:
    """The overview before the first report."""
    return render("empty.html", context, report_urls=report_urls)


def target(shown: Detail, effects: Sequence[object], marked: Marks, context: PageContext) -> str:
    """One target's page; `effects` are the rows of events (events_page.py), which `marked` marks in charts."""
    return render(
        "target.html",
        context,
        project=context.wanted.project or "",
        target=context.wanted.target,
        shown=shown,
        effects=effects,
        tiles=tiles(shown, context.hourly_cost),
        charts=_target_charts(shown, marked),
    )


def message(title: str, text: str, context: PageContext | None = None) -> str:
    """A page with the reason why there is nothing to show."""
    return render("message.html", context, title=title, text=text)


def login(text: str, wanted: str) -> str:
    """The login page, which leads to the address `wanted`."""
    return render("login.html", None, text=text, wanted=wanted)


def _overview_charts(shown: Overview, marked: Marks, context: PageContext) -> list[Chart]:
    return [
        *stacks.by_project(shown, context.link, marked),
        stacks.by_target(shown, context.link, marked),
        weekly.per_developer(shown.weeks, marked),
        weekly.failures(shown.weeks, marked),
    ]


def _target_charts(shown: Detail, marked: Marks) -> list[Chart]:
    over_weeks = (weekly.durations, weekly.waited, weekly.failures)
    return [
        *runs_charts.distribution(shown),
        *(chart(shown.weeks, marked) for chart in over_weeks),
        *runs_charts.ages(shown.ages),
    ]


def _day(day: date) -> str:
    """A date for a reader: "2 March"."""
    return f"{day.day} {day.strftime('%B')}"


def render(template: str, context: PageContext | None, **values: object) -> str:
    """The page that `template` makes of `values`."""
    return _environment().get_template(template).render(context=context, version=__version__, **values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Callable[..., Any]] = {
        "duration": duration,
        "share": share,
        "branch": names.branch,
        "count": lambda number: f"{number:,}",
        "day": _day,
        "project": lambda it: names.project(it.project, it.target),
        "name": lambda text: text or names.OTHERS,
    }
    made.filters.update(filters)
    made.globals["percent_range"] = percent_range
    return made

"""Figures -> HTML, from the templates beside this module. Readable without scripts, network or colours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from devtelemetry_cli import __version__
from devtelemetry_cli.model.formatting import change, duration, share
from devtelemetry_cli.server.team import charts
from devtelemetry_cli.server.team.cells import CellFilter, CellResult
from devtelemetry_cli.server.team.comparison import ENOUGH_RUNS, FRAGILE, SLOWER, WEEKS_BEFORE, Comparison
from devtelemetry_cli.server.team.statistics import SORTINGS, Detail, Overview, Part, Week

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "static" / "style.css").read_text(encoding="utf-8")
OTHERS = "(other)"
NO_PROJECT = "(no project)"
MOST_CHANGES = 5
THRESHOLDS = {
    "runs": ENOUGH_RUNS,
    "slower": round(100 * (SLOWER - 1)),
    "fragile": round(100 * FRAGILE),
    "weeks": WEEKS_BEFORE,
}
MAX_TARGETS = 200  # of the overview; the CSV has all
AGES = {"0": "under a day", "unknown": "unknown", "": OTHERS}
BRANCHES = {
    "default": "default branch",
    "other": "another branch",
    "detached": "no branch",
    "": f"{OTHERS} or outside git",
}


class AnyWeek(Protocol):
    """A week, by its Monday, and whether it is over."""

    @property
    def monday(self) -> date:
        """Its first day."""

    @property
    def over(self) -> bool:
        """Whether its last day has passed."""


@dataclass(frozen=True)
class Chart:
    """A picture, and the table of its data: heads, and rows of cells."""

    name: str
    picture: Markup
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


class ReportUrl(NamedTuple):
    """The report URL of a connection; `has_token`: reports need one."""

    name: str
    url: str
    has_token: bool


@dataclass(frozen=True)
class PageContext:
    """The filter in a page's address, and the values that every page needs."""

    wanted: CellFilter
    sorting: str
    k: int
    demo: bool
    session: bool

    @property
    def until(self) -> date:
        """The last day of the last week."""
        return self.wanted.last + timedelta(days=6)

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


def overview(found: CellResult, shown: Overview, changes: Comparison, context: PageContext) -> str:
    """The overview."""
    return render(
        "overview.html",
        context,
        found=found,
        shown=shown,
        charts=_overview_charts(shown.weeks),
        targets=shown.targets[:MAX_TARGETS],
        changes=changes,
        slower=changes.slower[:MOST_CHANGES],
        fragile=changes.fragile[:MOST_CHANGES],
        thresholds=THRESHOLDS,
        sortings=SORTINGS,
    )


def empty(report_urls: Sequence[ReportUrl], context: PageContext) -> str:
    """The overview before the first report."""
    return render("empty.html", context, report_urls=report_urls)


def target(project: str, name: str, shown: Detail, effects: Sequence[object], context: PageContext) -> str:
    """One target's page; `effects` are the rows of events (events_page.py)."""
    return render(
        "target.html",
        context,
        project=project,
        target=name,
        shown=shown,
        effects=effects,
        charts=_target_charts(shown),
    )


def message(title: str, text: str, context: PageContext | None = None) -> str:
    """A page with the reason why there is nothing to show."""
    return render("message.html", context, title=title, text=text)


def login(text: str, wanted: str) -> str:
    """The login page, which leads to the address `wanted`."""
    return render("login.html", None, text=text, wanted=wanted)


def _overview_charts(weeks: Sequence[Week]) -> list[Chart]:
    return [_waited(weeks), _failed(weeks)] if weeks else []


def _target_charts(shown: Detail) -> list[Chart]:
    weekly = [_durations(shown.weeks), _waited(shown.weeks), _failed(shown.weeks)]
    return [*_distribution(shown), *weekly, *_ages(shown.ages)]


def _waited(weeks: Sequence[Week]) -> Chart:
    name, labels = "Time waited each week", week_labels(weeks)
    values, form = charts.seconds([week.totals.waited for week in weeks])
    rows = [
        [label, duration(week.totals.waited), f"{week.totals.runs:,}", f"{week.developers:,}"]
        for label, week in zip(labels, weeks, strict=True)
    ]
    picture = charts.bars(name, labels, values, form)
    note = _range([week.totals.waited for week in weeks], labels, duration)
    return Chart(name, picture, ["Week of", "Time waited", "Runs", "Developers (at least)"], rows, note)


def _failed(weeks: Sequence[Week]) -> Chart:
    name, labels = "Failure rate", week_labels(weeks)
    rows = [
        [label, share(week.totals.failures, week.totals.runs), f"{week.totals.failures:,}", f"{week.totals.runs:,}"]
        for label, week in zip(labels, weeks, strict=True)
    ]
    picture = charts.bars(name, labels, [week.totals.failure_rate for week in weeks], _percent)
    note = _range([week.totals.failure_rate for week in weeks if week.totals.runs], labels, _percent)
    return Chart(name, picture, ["Week of", name, "Failures", "Runs"], rows, note)


def _durations(weeks: Sequence[Week]) -> Chart:
    name, labels = "Duration each week", week_labels(weeks)
    p50, p90 = [week.totals.p50 for week in weeks], [week.totals.p90 for week in weeks]
    scaled, form = charts.seconds([*p50, *p90])
    series = {"p50: half are faster": scaled[: len(p50)], "p90: nine of ten are faster": scaled[len(p50) :]}
    rows = [[label, duration(half), duration(most)] for label, half, most in zip(labels, p50, p90, strict=True)]
    note = "p50 " + _range([value for value in p50 if value is not None], labels, duration)
    return Chart(name, charts.lines(name, labels, series, form), ["Week of", "p50", "p90"], rows, note)


def _distribution(shown: Detail) -> list[Chart]:
    if not shown.durations:
        return []
    name, starts = "Runs by duration", [duration(low) for low, _, _ in shown.durations]
    rows = [
        [f"{duration(low)} to {duration(high)}", f"{runs:,}", share(runs, shown.totals.completed)]
        for low, high, runs in shown.durations
    ]
    picture = charts.bars(name, starts, [runs for _, _, runs in shown.durations], lambda value: f"{value:,.0f}")
    return [Chart(name, picture, ["Duration", "Runs", "Share"], rows)]


def _ages(ages: Sequence[Part]) -> list[Chart]:
    if not ages:
        return []
    name = "Failure rate by age of the checkout"
    labels = [age(part.name) for part in ages]
    rows = [
        [label, share(part.failures, part.runs), f"{part.failures:,}", f"{part.runs:,}"]
        for label, part in zip(labels, ages, strict=True)
    ]
    picture = charts.bars(name, labels, [part.failures / part.runs for part in ages], _percent)
    return [Chart(name, picture, ["Age", "Failure rate", "Failures", "Runs"], rows)]


def _range(values: Sequence[float], labels: Sequence[str], form: Callable[[float], str]) -> str:
    """The lowest and the highest value in words, with the week of the highest where every week has a value."""
    if not values:
        return ""
    low, high = min(values), max(values)
    where = f" (week of {labels[values.index(high)]})" if len(values) == len(labels) else ""
    return f"from {form(low)} to {form(high)}{where}" if low < high else form(high)


def week_labels(weeks: Sequence[AnyWeek]) -> list[str]:
    """Each week's Monday; with its year where not all are of one."""
    form = "%b %Y" if len({week.monday.year for week in weeks}) > 1 else "%b"
    days = [f"{week.monday.day} {week.monday.strftime(form)}" for week in weeks]
    return [day if week.over else f"{day}, so far" for day, week in zip(days, weeks, strict=True)]


def _day(day: date) -> str:
    """A date for a reader: "2 March"."""
    return f"{day.day} {day.strftime('%B')}"


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def age(name: str) -> str:
    """The label of an age class."""
    return AGES.get(name, f"{name.replace('-', ' to ')} days")


def branch(name: str) -> str:
    """The label of a kind of branch."""
    return BRANCHES.get(name, name)


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
        "change": change,
        "branch": branch,
        "count": lambda number: f"{number:,}",
        "percent": lambda ratio: f"{100 * ratio:.0f}",
        "day": _day,
        "project": lambda it: it.project or (NO_PROJECT if it.target else OTHERS),
        "name": lambda text: text or OTHERS,
    }
    made.filters.update(filters)
    return made

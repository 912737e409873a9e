"""The charts of one figure over weeks. Pure.

`marks` are short texts over the weeks of some Mondays.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Protocol

from devtelemetry_cli.model.formatting import duration, share
from devtelemetry_cli.server.team import charts
from devtelemetry_cli.server.team.charts import PERCENT, Axis, Chart, Entry
from devtelemetry_cli.server.team.statistics import Week

Marks = Mapping[date, str]


class AnyWeek(Protocol):
    """A week by its Monday, whether it is over, and its last day so far."""

    @property
    def monday(self) -> date:
        """Its first day."""

    @property
    def over(self) -> bool:
        """Whether its Sunday has passed."""

    @property
    def last(self) -> date:
        """Its Sunday, or today."""


def waited(weeks: Sequence[Week], marks: Marks) -> Chart:
    """The time waited."""
    name, values = "Time waited each week", [week.totals.waited for week in weeks]
    rows = [
        [label, duration(week.totals.waited), f"{week.totals.runs:,}", f"{week.developers:,}"]
        for label, week in zip(labels(weeks), weeks, strict=True)
    ]
    picture = charts.bars(name, axis(weeks, marks), [values], charts.seconds(values, duration))
    return Chart(
        name, picture, ["Week of", "Time waited", "Runs", "Developers (at least)"], rows, note(weeks, values, duration)
    )


def per_developer(weeks: Sequence[Week], marks: Marks) -> Chart:
    """The time waited for each developer, at most: developers are rounded down."""
    name = "Time waited per developer each week"
    values = [week.totals.waited / week.developers if week.developers else None for week in weeks]
    rows = [
        [label, duration(value), f"{week.developers:,}"]
        for label, value, week in zip(labels(weeks), values, weeks, strict=True)
    ]
    picture = charts.bars(name, axis(weeks, marks), [values], charts.seconds(values, duration))
    about = f"At most, as developers are rounded down. {note(weeks, values, duration)}".rstrip()
    return Chart(name, picture, ["Week of", "Per developer (at most)", "Developers (at least)"], rows, about)


def failures(weeks: Sequence[Week], marks: Marks) -> Chart:
    """The failure rate."""
    name, values = "Failure rate", [week.totals.failure_rate if week.totals.runs else None for week in weeks]
    rows = [
        [label, share(week.totals.failures, week.totals.runs), f"{week.totals.failures:,}", f"{week.totals.runs:,}"]
        for label, week in zip(labels(weeks), weeks, strict=True)
    ]
    picture = charts.bars(name, axis(weeks, marks), [values], PERCENT)
    return Chart(name, picture, ["Week of", name, "Failures", "Runs"], rows, note(weeks, values, PERCENT.text))


def durations(weeks: Sequence[Week], marks: Marks) -> Chart:
    """The mean and the percentiles of durations."""
    name = "Duration each week"
    p50, p90 = [week.totals.p50 for week in weeks], [week.totals.p90 for week in weeks]
    mean = [week.totals.mean if week.totals.completed else None for week in weeks]
    rows = [[label, *map(duration, figures)] for label, *figures in zip(labels(weeks), p50, mean, p90, strict=True)]
    picture = charts.lines(name, axis(weeks, marks), [p50, p90, mean], charts.seconds([*p50, *p90, *mean], duration))
    legend = [Entry("p50", "half are faster"), Entry("p90", "nine of ten are faster"), Entry("mean")]
    about = note(weeks, p50, duration, "p50 from")
    return Chart(name, picture, ["Week of", "p50", "Mean", "p90"], rows, about, legend)


def axis(weeks: Sequence[AnyWeek], marks: Marks) -> Axis:
    """The weeks as columns of a chart."""
    places = {number: marks[week.monday] for number, week in enumerate(weeks) if week.monday in marks}
    return Axis(_days(weeks), is_running=bool(weeks) and not weeks[-1].over, marks=places)


def labels(weeks: Sequence[AnyWeek]) -> list[str]:
    """Each week's Monday for a table; the running week with its dates so far."""
    days = zip(_days(weeks), weeks, strict=True)
    return [day if week.over else f"{day}, so far" for day, week in days]


def note(
    weeks: Sequence[AnyWeek], values: Sequence[float | None], form: Callable[[float], str], start: str = "From"
) -> str:
    """The lowest and the highest value of the whole weeks in words, and which week is not over."""
    days, sentences = _days(weeks), []
    known = [
        (value, day) for value, day, week in zip(values, days, weeks, strict=True) if week.over and value is not None
    ]
    if known:
        low, (high, day) = min(known)[0], max(known, key=lambda one: one[0])
        if low < high:
            sentences.append(f"{start} {form(low)} to {form(high)} (week of {day}).")
    if weeks and not weeks[-1].over:
        sentences.append(f"{days[-1]} is the running week so far.")
    return " ".join(sentences)


def _days(weeks: Sequence[AnyWeek]) -> list[str]:
    """Each week's Monday, the running week from its Monday until today; with the year where not all are of one."""
    form = "%b %Y" if len({week.monday.year for week in weeks}) > 1 else "%b"
    return [_day(week.monday, form) if week.over else _span(week.monday, week.last, form) for week in weeks]


def _span(first: date, last: date, form: str) -> str:
    if first == last:
        return _day(first, form)
    if first.month == last.month:
        return f"{first.day}-{_day(last, form)}"
    return f"{_day(first, '%b')}-{_day(last, form)}"


def _day(day: date, form: str) -> str:
    return f"{day.day} {day.strftime(form)}"

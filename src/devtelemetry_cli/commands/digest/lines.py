"""A week in at most 15 lines of words and names. Pure."""

from collections.abc import Callable, Sequence
from datetime import date
from urllib.parse import urlencode

from devtelemetry_cli.commands.digest.fetch import Change, Event, Target, Week
from devtelemetry_cli.model.formatting import change, counted, duration, percent_range, share

MOST_COSTLY, MOST_SLOWER, MOST_FRAGILE, MOST_BETTER, MOST_EVENTS = 3, 3, 2, 2, 2


class Name(str):
    """A name from a report or the text of an event, untrusted, in a line."""

    __slots__ = ()


class Link(str):
    """An address, as the last part of a line."""

    __slots__ = ()


Line = Sequence[str]


def title(week: Week) -> Line:
    """The week, and the project of which it is."""
    words = f"Builds in the week from {_day(week.week)} to {_day(week.until)} {week.until.year}"
    return [words] if week.project is None else [f"{words}: ", Name(week.project)]


def lines(week: Week, url: str) -> list[Line]:
    """The lines below the title; the last has the address of the page."""
    query = {"project": week.project or "", "from": week.week.isoformat(), "to": week.until.isoformat()}
    page: Line = ["Details: ", Link(f"{url}/?{urlencode({name: value for name, value in query.items() if value})}")]
    if not week.has_figures:
        return [[f"No figures: no target was run by {week.min_developers} developers."], *_adoption(week), page]
    return [_totals(week), _costliest(week.targets), *_changes(week), *_events(week.events), *_adoption(week), page]


def has_changes(week: Week) -> bool:
    """Whether some target changed clearly."""
    return any(week.changed.values())


def _totals(week: Week) -> Line:
    totals, before = week.totals, week.waited_seconds_before
    compared = ""
    if before:
        changed = change(totals.waited_seconds, before)
        earlier = f"the mean of {counted(week.weeks_before, 'earlier week')}"
        compared = f" ({changed} {'as' if changed == 'as much' else 'than'} {earlier})"
    return [
        f"Waited {duration(totals.waited_seconds)}{compared}: {counted(totals.runs, 'run')}, "
        f"{share(totals.failures, totals.runs)} failed, at least {counted(week.developers, 'developer')}."
    ]


def _costliest(targets: Sequence[Target]) -> Line:
    named = [it for it in targets if it.target][:MOST_COSTLY]
    parts = [part for it in named for part in (", ", _name(it), f" {duration(it.waited_seconds)}")]
    return ["Costliest: ", *parts[1:], "."] if parts else ["No target of its own has enough developers."]


def _changes(week: Week) -> list[Line]:
    groups: tuple[tuple[Sequence[Change], Callable[[Change], Line]], ...] = (
        (week.slower[:MOST_SLOWER], _slower),
        (week.fragile[:MOST_FRAGILE], _fragile),
        ([*week.faster[:MOST_BETTER], *week.robust[: max(0, MOST_BETTER - len(week.faster))]], _better),
    )
    shown = [form(it) for some, form in groups for it in some]
    if not shown:
        return [[_nothing(week)]]
    rest = sum(week.changed.values()) - len(shown)
    return [*shown, *([[f"And {counted(rest, 'further change')}."]] if rest > 0 else [])]


def _nothing(week: Week) -> str:
    if not week.weeks_before:
        return "There is no earlier week to compare with."
    weeks = counted(week.weeks_before, "earlier week")
    return f"No target became clearly slower, more fragile or better ({week.compared} compared with {weeks})."


def _slower(it: Change) -> Line:
    return [
        *("Slower: ", _name(it)),
        f": p50 {duration(it.now.p50_seconds)}, before {duration(it.before.p50_seconds)} "
        f"({percent_range(it.low, it.high)} % longer), {duration(it.cost_seconds)} more in total.",
    ]


def _fragile(it: Change) -> Line:
    return ["More fragile: ", _name(it), f": {_failed(it)} ({percent_range(it.low, it.high)} points more)."]


def _better(it: Change) -> Line:
    if it.cost_seconds < 0:
        return [
            *("Faster: ", _name(it)),
            f": p50 {duration(it.now.p50_seconds)}, before {duration(it.before.p50_seconds)} "
            f"({percent_range(-it.high, -it.low)} % shorter), {duration(-it.cost_seconds)} less in total.",
        ]
    return ["More robust: ", _name(it), f": {_failed(it)} ({percent_range(-it.high, -it.low)} points less)."]


def _failed(it: Change) -> str:
    return f"{share(it.now.failures, it.now.runs)} failed, before {share(it.before.failures, it.before.runs)}"


def _events(events: Sequence[Event]) -> list[Line]:
    return [
        [f"Event on {_day(it.date)}: ", Name(it.text), *((" in ", Name(it.project)) if it.project else ()), "."]
        for it in events[:MOST_EVENTS]
    ]


def _adoption(week: Week) -> list[Line]:
    if week.last_report is None:
        return [[f"For months no {week.min_developers} developers have sent a report."]]
    waits = f"; at least {counted(week.waiting_reports, 'report')} wait for others" if week.waiting_reports else ""
    return [[f"Reports have come in until {_day(week.last_report)}{waits}."]]


def _name(it: Change | Target) -> Name:
    return Name(f"{it.project} {it.target}".strip())


def _day(day: date) -> str:
    return f"{day.day} {day.strftime('%B')}"

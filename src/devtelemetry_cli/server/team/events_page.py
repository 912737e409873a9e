"""The page of events, and their effects on a target: figures -> HTML."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from devtelemetry_cli.model.formatting import percent_range
from devtelemetry_cli.server.db.events import MAX_TEXT, Event
from devtelemetry_cli.server.team.comparison import Effect
from devtelemetry_cli.server.team.events import EventEffect
from devtelemetry_cli.server.team.pages import PageContext, render


def page(events: Sequence[Event], projects: Sequence[str], may_change: bool, context: PageContext) -> str:
    """All events, the latest first; with `may_change` the form."""
    return render(
        "events.html",
        context,
        events=list(reversed(events)),
        projects=projects,
        may_change=may_change,
        longest=MAX_TEXT,
    )


class EventRow(NamedTuple):
    """An event, and a target before and after it; `verdict` is the change in words."""

    event: Event
    effect: Effect | None
    verdict: str


def rows(effects: Iterable[EventEffect]) -> list[EventRow]:
    """The rows of a target's page."""
    return [EventRow(it.event, it.effect, _verdict(it)) for it in effects]


def _verdict(it: EventEffect) -> str:
    if not it.has_after:
        return "no whole week after it yet"
    if it.effect is None:
        return "too few runs to compare"
    return "; ".join(_verdicts(it.effect)) or f"no clear change (durations {percent_range(*it.effect.longer)} %)"


def _verdicts(effect: Effect) -> list[str]:
    found = []
    low, high = effect.longer
    if effect.is_slower:
        found.append(f"slower: {percent_range(low, high)} % longer")
    if effect.is_faster:
        found.append(f"faster: {percent_range(-high, -low)} % shorter")
    low, high = effect.fragile
    if effect.is_more_fragile:
        found.append(f"more fragile: {percent_range(low, high)} percentage points more fail")
    if effect.is_more_robust:
        found.append(f"more robust: {percent_range(-high, -low)} percentage points fewer fail")
    return found

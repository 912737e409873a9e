"""Statistics -> lines of text, with headings at the margin and indented content. Pure."""

from collections.abc import Callable, Iterator

from devtelemetry_cli.commands.stats import sparkline
from devtelemetry_cli.commands.stats.statistics import WEEK, Statistics, Target
from devtelemetry_cli.model import formatting

_SHOWN = 8  # targets in each list
_CHART = 60  # days; a longer window is shown by weeks
_Column = tuple[str, Callable[[Target], str]]

_SLOWEST: list[_Column] = [
    ("runs", lambda t: f"{t.runs:,}"),
    ("p50", lambda t: formatting.duration(t.p50_seconds)),
    ("p90", lambda t: formatting.duration(t.p90_seconds)),
    ("longest", lambda t: formatting.duration(t.longest_seconds)),
    ("memory", lambda t: formatting.memory(t.peak_memory_bytes)),
]
_WAITED: list[_Column] = [
    ("runs", lambda t: f"{t.runs:,}"),
    ("waited", lambda t: formatting.duration(t.waited_seconds)),
    ("CPU", lambda t: formatting.duration(t.cpu_seconds)),
    ("this week", lambda t: formatting.duration(t.this_week_seconds)),
    ("to last week", lambda t: formatting.change(t.this_week_seconds, t.last_week_seconds) or "-"),
]
_FAILING: list[_Column] = [
    ("runs", lambda t: f"{t.runs:,}"),
    ("failed", lambda t: f"{t.failures:,}"),
    ("share", lambda t: formatting.share(t.failures, t.runs)),
]


def lines(statistics: Statistics, encoding: str) -> Iterator[str]:
    """The lines, for a terminal with this encoding."""
    yield f"Your builds from {statistics.first} to {statistics.last}"
    outcomes = [(statistics.failures, f"failed ({formatting.share(statistics.failures, statistics.runs)})")]
    outcomes += [(statistics.interrupted, "interrupted"), (statistics.lost, "lost")]
    yield f"  runs      {', '.join([f'{statistics.runs:,}', *(f'{n:,} {what}' for n, what in outcomes if n)])}"
    p50, p90 = (formatting.duration(seconds) for seconds in (statistics.p50_seconds, statistics.p90_seconds))
    yield f"  a run     p50 {p50}, p90 {p90}"
    yield f"  waiting   {_weeks(statistics)}"
    waited, cpu = (formatting.duration(seconds) for seconds in (statistics.waited_seconds, statistics.cpu_seconds))
    yield f"  in all    {waited} of waiting, {cpu} of CPU time"
    yield from _chart(statistics, encoding)
    yield from _table("Waited for", _WAITED, statistics.waited_for(), encoding)
    yield from _table("Slowest", _SLOWEST, statistics.slowest())
    yield from _table("Most often failing", _FAILING, statistics.failing())


def _weeks(statistics: Statistics) -> str:
    this, last = statistics.this_week.waited_seconds, statistics.last_week.waited_seconds
    change = formatting.change(this, last)
    compared = f" ({change})" if change else ""
    now, before = formatting.duration(this), formatting.duration(last)
    return f"{now} in the last {WEEK} days, {before} in the {WEEK} before{compared}"


def _chart(statistics: Statistics, encoding: str) -> Iterator[str]:
    """Waiting time per day or week; where targets only ran inside others, the number of their runs."""
    waits = [(day.date, day.waited_seconds, day.runs) for day in statistics.trend]
    size = 1 if len(waits) <= _CHART else WEEK
    begin = len(waits) % size  # whole weeks up to today; the remaining days begin the chart
    parts = [waits[:begin]] * bool(begin) + [waits[i : i + size] for i in range(begin, len(waits), size)]
    name = "per day " if size == 1 else "per week"
    values = [sum(wait for _, wait, _ in part) for part in parts]
    if any(values):
        shown = formatting.duration(max(values))
    else:
        values = [float(sum(runs for _, _, runs in part)) for part in parts]
        shown = f"{max(values):,.0f} runs inside other targets"
    peak = parts[values.index(max(values))][0][0]
    yield f"  {name}  {sparkline.render(values, encoding)}"
    yield f"            maximum: {shown} {'on' if size == 1 else 'in the week from'} {peak}"


def _table(title: str, columns: list[_Column], targets: list[Target], encoding: str = "") -> Iterator[str]:
    """A heading and a line per target; with an encoding, each line ends with a bar of its waiting time."""
    if not targets:
        return
    largest = max(target.waited_seconds for target in targets)
    bars = ["", *(sparkline.bar(t.waited_seconds, largest, encoding) if encoding else "" for t in targets[:_SHOWN])]
    several = len({target.project for target in targets}) > 1
    rows = [[f"  {_name(target, several)}", *(show(target) for _, show in columns)] for target in targets[:_SHOWN]]
    rows.insert(0, [title, *(head for head, _ in columns)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    yield ""
    for row, bar in zip(rows, bars, strict=True):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join([*cells, bar]).rstrip()
    if len(targets) > _SHOWN:
        yield f"  and {len(targets) - _SHOWN} more: --csv"


def _name(target: Target, several: bool) -> str:
    return f"{target.project} {target.target}".strip() if several else target.target

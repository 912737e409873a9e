"""Statistics -> one self-contained HTML page with charts: no script, no request. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

from devtelemetry_cli.commands.stats.statistics import WEEK, Statistics, Target
from devtelemetry_cli.model import formatting

_WIDTH, _HEIGHT, _BAR = 900, 160, 240  # pixels
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .75rem .25rem 0; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
svg { max-width: 100%; } rect { fill: #3b78c4; }
"""


def render(statistics: Statistics) -> str:
    """The page as a text in UTF-8."""
    title = f"Your builds from {statistics.first} to {statistics.last}"
    body = [
        f"<h1>{title}</h1>",
        f"<p>{_summary(statistics)}</p>",
        "<h2>Waiting per day</h2>",
        _chart([(day.date, day.waited_seconds) for day in statistics.trend]),
        "<h2>Targets by waiting time</h2>",
        _table(sorted(statistics.targets, key=lambda t: (-t.waited_seconds, t.project, t.target))),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    page = f"<body>{''.join(body)}</body>"
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n{page}</html>\n'


def _summary(statistics: Statistics) -> str:
    this, last = statistics.this_week.waited_seconds, statistics.last_week.waited_seconds
    change = formatting.change(this, last)
    runs, failed = formatting.counted(statistics.runs, "run"), formatting.share(statistics.failures, statistics.runs)
    waited, cpu = formatting.duration(statistics.waited_seconds), formatting.duration(statistics.cpu_seconds)
    weeks = f"{formatting.duration(this)} in the last {WEEK} days, {formatting.duration(last)} in the {WEEK} before"
    return (
        f"{runs}, {failed} failed. {waited} of waiting ({weeks}{f', {change}' if change else ''}), {cpu} of CPU time."
    )


def _chart(values: Sequence[tuple[str, float]]) -> str:
    largest = max((value for _, value in values), default=0) or 1
    step = _WIDTH / max(len(values), 1)
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{_HEIGHT - _HEIGHT * value / largest:.1f}" width="{max(step - 2, 1):.1f}" '
        f'height="{_HEIGHT * value / largest:.1f}"><title>{date}: {formatting.duration(value)}</title></rect>'
        for i, (date, value) in enumerate(values)
    )
    return f'<svg role="img" aria-label="Waiting per day" viewBox="0 0 {_WIDTH} {_HEIGHT}">{bars}</svg>'


def _table(targets: Sequence[Target]) -> str:
    largest = max((target.waited_seconds for target in targets), default=0) or 1
    heads = ("target", "runs", "failed", "p50", "p90", "memory", "CPU", "to last week", "waited", "")
    rows = "".join(_row("td", _cells(target, largest)) for target in targets)
    return f"<table>{_row('th', heads)}{rows}</table>"


def _cells(target: Target, largest: float) -> Iterable[str]:
    width = _BAR * target.waited_seconds / largest
    yield escape(f"{target.project} {target.target}".strip())
    yield f"{target.runs:,}"
    yield formatting.share(target.failures, target.runs)
    yield formatting.duration(target.p50_seconds)
    yield formatting.duration(target.p90_seconds)
    yield formatting.memory(target.peak_memory_bytes)
    yield formatting.duration(target.cpu_seconds)
    yield formatting.change(target.this_week_seconds, target.last_week_seconds) or "-"
    yield formatting.duration(target.waited_seconds)
    yield f'<svg width="{_BAR}" height="12" aria-hidden="true"><rect width="{width:.1f}" height="12"/></svg>'


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"

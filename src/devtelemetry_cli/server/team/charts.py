"""Charts as inline SVG: no script, no style of their own, colours and fonts from the page's style sheet.

A chart is a picture with a name; a table of its data stands beside each. Lengths are in units of the picture, which is
as wide as its place: texts are 13 units high, and 17 on a narrow screen, for which room is left.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

Values = Sequence[float | None]
Form = Callable[[float], str]

WIDTH, HEIGHT = 560, 230
TOP, RIGHT, FLOOR = 32, 24, HEIGHT - 26  # of the plot; above it are the texts of marks and of the highest column
LETTER = 10.5  # the width of one in a text of 17 units, in a wide font
BAR = 0.84  # of a column's width
_STEPS = (1, 2, 2.5, 5, 10)
_UNITS = ((3600, " h"), (60, " min"), (1, " s"), (0.001, " ms"))


@dataclass(frozen=True)
class Unit:
    """The form of values: an axis divides them by `size` and adds `suffix`; `text` is for a single one."""

    size: float
    suffix: str
    text: Form


PERCENT = Unit(0.01, " %", lambda rate: f"{100 * rate:.3g} %")
COUNT = Unit(1, "", lambda number: f"{number:,.0f}")


@dataclass(frozen=True)
class Axis:
    """The columns from left to right. With `is_running` the last is not over; `marks` has short texts over columns."""

    labels: Sequence[str]
    is_running: bool = False
    marks: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """An entry of a legend; `note` stands behind its name."""

    name: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True)
class Chart:
    """A picture, and the table of its data: heads, and rows of cells."""

    name: str
    picture: Markup
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    legend: Sequence[Entry] = ()


def bars(name: str, axis: Axis, series: Sequence[Values], unit: Unit) -> Markup:
    """A bar for each column, stacked from `series`; the highest has its value above it."""
    columns = [[value or 0 for value in column] for column in zip(*series, strict=True)]
    plot = _Plot(axis, unit, map(sum, columns))
    shapes = [plot.column(number, [sum(column)], _stack(plot, number, column)) for number, column in enumerate(columns)]
    return plot.drawn(name, shapes)


def lines(name: str, axis: Axis, series: Sequence[Values], unit: Unit) -> Markup:
    """A line for each of `series`, the highest on top; None leaves a gap. The highest point has its value above it."""
    tops = [max((value for value in column if value is not None), default=0) for column in zip(*series, strict=True)]
    plot = _Plot(axis, unit, tops)
    paths = [f'<path class="line s{rank}" d="{_path(plot, values)}"/>' for rank, values in enumerate(series)]
    columns = enumerate(zip(*series, strict=True))
    dots = [plot.column(number, column, _dots(plot, number, column)) for number, column in columns]
    return plot.drawn(name, [*paths, *dots])


def seconds(values: Iterable[float | None], text: Form) -> Unit:
    """The unit that suits the longest of these durations."""
    longest = max((value or 0 for value in values), default=0)
    size, suffix = next((one for one in _UNITS if longest >= 2 * one[0]), _UNITS[-1])
    return Unit(size, suffix, text)


def ticks(highest: float) -> list[float]:
    """Round numbers at equal distances from 0 to at least `highest`: two to six of them."""
    highest = highest or 1
    size = 10 ** math.floor(math.log10(highest / 4))
    step = next(size * number for number in _STEPS if size * number >= highest / 4 * 0.999)
    return [step * number for number in range(math.ceil(highest / step - 0.001) + 1)]


class _Plot:
    """The area of a chart's columns, and its axes."""

    def __init__(self, axis: Axis, unit: Unit, tops: Iterable[float]) -> None:
        self._axis, self._unit, self._tops = axis, unit, list(tops)
        self._ticks = [tick * unit.size for tick in ticks(max(self._tops, default=0) / unit.size)]
        self._tick_labels = [f"{tick / unit.size:,.4g}{unit.suffix}" for tick in self._ticks]
        self._left = 14 + LETTER * max(map(len, self._tick_labels))
        self.pitch = (WIDTH - RIGHT - self._left) / max(1, len(axis.labels))

    def x(self, column: int) -> float:
        """The middle of a column."""
        return self._left + self.pitch * (column + 0.5)

    def y(self, value: float) -> float:
        """The height of a value."""
        return FLOOR - (FLOOR - TOP) * value / self._ticks[-1]

    def column(self, number: int, values: Values, shapes: str) -> str:
        """The shapes of a column, with its values for a pointer that rests on it."""
        running = ' class="running"' if self._axis.is_running and number == len(self._axis.labels) - 1 else ""
        texts = ", ".join(self._unit.text(value) for value in values if value is not None)
        hint = escape(f"{self._axis.labels[number]}: {texts}")
        return f"<g{running}><title>{hint}</title>{shapes}</g>" if shapes else ""

    def drawn(self, name: str, shapes: Sequence[str]) -> Markup:
        """The whole picture."""
        parts = [*self._grid(), *shapes, *self._labels(), *self._marks(), self._highest()]
        head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704 - every text is escaped

    def _grid(self) -> Iterable[str]:
        for tick, label in zip(self._ticks, self._tick_labels, strict=True):
            y = self.y(tick)
            yield f'<path class="grid" d="M{_n(self._left)} {_n(y)}H{WIDTH - RIGHT}"/>'
            yield _text(label, self._left - 6, y + 5, "end")

    def _labels(self) -> Iterable[str]:
        """As many of the columns' labels as have room; the last is always there, moved inwards if it must."""
        labels = self._axis.labels
        width = LETTER * (max(map(len, labels), default=0) + 1)
        moved = max(0.0, self.x(len(labels) - 1) + width / 2 - WIDTH)
        step = math.ceil((width + moved) / self.pitch)
        for number in range(len(labels) - 1, -1, -step):
            yield self._centred(labels[number], number, HEIGHT - 6)

    def _marks(self) -> Iterable[str]:
        """A line for each mark; texts without room beside each other are joined over the first."""
        joined: list[tuple[int, str]] = []
        for number, text in sorted(self._axis.marks.items()):
            yield f'<path class="mark" d="M{_n(self.x(number))} {TOP - 16}V{FLOOR}"/>'
            column, before = joined[-1] if joined else (number, "")
            if before and self.pitch * (number - column) < LETTER * (len(before) + len(text) + 1) / 2:
                joined[-1] = (column, f"{before},{text}")
            else:
                joined.append((number, text))
        for column, text in joined:
            yield self._centred(text, column, TOP - 20, "mark")

    def _highest(self) -> str:
        if not any(self._tops):
            return ""
        top = max(self._tops)
        return self._centred(self._unit.text(top), self._tops.index(top), self.y(top) - 5, "value")

    def _centred(self, text: str, column: int, y: float, kind: str = "") -> str:
        """A text in the middle of a column, moved where it would leave the picture."""
        half = LETTER * len(text) / 2
        x = max(half, min(self.x(column), WIDTH - half))
        return _text(text, x, y, f"middle {kind}".rstrip())


def _stack(plot: _Plot, number: int, column: Sequence[float]) -> str:
    """The bars of a column, the first at the bottom."""
    width, below, shapes = plot.pitch * BAR, 0.0, ""
    for rank, value in enumerate(column):
        top, floor = plot.y(below + value), plot.y(below)
        if value:
            left, right = plot.x(number) - width / 2, plot.x(number) + width / 2
            shapes += f'<path class="s{rank}" d="M{_n(left)} {_n(top)}H{_n(right)}V{_n(floor)}H{_n(left)}z"/>'
        below += value
    return shapes


def _path(plot: _Plot, values: Values) -> str:
    """The points of a line; it begins anew after a gap."""
    path, is_drawn = "", False
    for number, value in enumerate(values):
        if value is not None:
            path += f"{'L' if is_drawn else 'M'}{_n(plot.x(number))} {_n(plot.y(value))}"
        is_drawn = value is not None
    return path


def _dots(plot: _Plot, number: int, column: Values) -> str:
    return "".join(
        f'<circle class="s{rank}" cx="{_n(plot.x(number))}" cy="{_n(plot.y(value))}" r="3.5"/>'
        for rank, value in enumerate(column)
        if value is not None
    )


def _text(text: str, x: float, y: float, kind: str) -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _n(number: float) -> str:
    """A coordinate, to a tenth of a unit."""
    return f"{number:.1f}".removesuffix(".0")

"""Charts as inline SVG: no script, no style of their own, colours from the page's style sheet.

A chart is a picture with a name; a table of its data stands beside each.
"""

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element, tostring

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.style import Style  # type: ignore[import-untyped]

Values = Sequence[float | None]
Form = Callable[[float], str]

WIDTH, HEIGHT = 720, 260
_UNITS = ((3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))
MAX_LABELS = 13  # beside each other; of more, only every second or third is shown
_UNUSED_TAGS = ("style", "script", "desc", "title")
_UNUSED_PARTS = ("plot overlay", "plot text-overlay", "plot tooltip-overlay")
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    font_family="inherit",
    label_font_size=12,
    major_label_font_size=12,
    legend_font_size=12,
)


def bars(name: str, labels: Sequence[str], values: Values, form: Form) -> Markup:
    """One bar for each label."""
    return _draw(pygal.Bar(**_options(labels, form), show_legend=False), name, labels, {name: values})


def lines(name: str, labels: Sequence[str], series: dict[str, Values], form: Form) -> Markup:
    """A line for each of `series` (name -> values); None leaves a gap."""
    chart = pygal.Line(**_options(labels, form), show_legend=len(series) > 1, dots_size=3)
    return _draw(chart, name, labels, series)


def seconds(values: Values) -> tuple[Values, Form]:
    """Durations in the unit that suits the longest, and the format of the axis."""
    longest = max((value or 0 for value in values), default=0)
    size, unit = next((one for one in _UNITS if longest >= 2 * one[0]), _UNITS[-1])
    return [None if value is None else value / size for value in values], lambda value: f"{value:,.4g} {unit}"


def _options(labels: Sequence[str], form: Form) -> dict[str, object]:
    return {
        "style": _STYLE,
        "css": [],
        "js": [],
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 4,
        "margin_right": 24,
        "include_x_axis": True,
        "legend_at_bottom": True,
        "show_minor_x_labels": len(labels) <= MAX_LABELS,
        "truncate_label": -1,
        "max_scale": 5,
        "value_formatter": lambda value: form(value or 0),
        "no_data_text": "no runs",
    }


def _draw(chart: pygal.graph.graph.Graph, name: str, labels: Sequence[str], series: dict[str, Values]) -> Markup:
    chart.x_labels = list(labels)
    chart.x_labels_major = list(labels[:: 1 + (len(labels) - 1) // MAX_LABELS])
    chart.range = (0, max((value or 0 for values in series.values() for value in values), default=0) or 1)
    for title, values in series.items():
        chart.add(title, list(values))
    root: Element = chart.render_tree()
    _strip(root)
    root.attrib |= {"role": "img", "aria-label": name}
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - the serializer escapes every text


def _strip(root: Element) -> None:
    """Remove elements for scripts, and styles, which the page's policy would block."""
    for parent in list(root.iter()):
        parent.attrib.pop("id", None)  # the same in every chart of a page
        for child in list(parent):
            if child.tag in _UNUSED_TAGS or not isinstance(child.tag, str) or child.get("class") in _UNUSED_PARTS:
                parent.remove(child)

"""Charts as SVG: read back as XML."""

import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest

from devtelemetry_cli.server.team import charts
from devtelemetry_cli.server.team.charts import WIDTH, Axis, Unit

PLAIN = Unit(1, "", lambda value: f"{value:g}")
WEEKS = [f"{day} Mar" for day in range(1, 13)]


def texts(picture: Element, kind: str) -> list[str]:
    """The texts of a class."""
    return [node.text or "" for node in picture.iter("text") if kind in (node.get("class") or "").split()]


def drawn(*series: list[float | None], axis: Axis | None = None, kind: str = "bars") -> Element:
    """A chart of these series."""
    draw = charts.bars if kind == "bars" else charts.lines
    return fromstring(draw("Runs", axis or Axis(WEEKS[: len(series[0])]), series, PLAIN))  # noqa: S314 - our own text


def bars(picture: Element) -> list[tuple[str, float, float]]:
    """The class of each bar, its top and its floor."""
    found = [node for group in picture.iter("g") for node in group.iter("path")]
    places = [re.fullmatch(r"M\S+ (\S+)H\S+V(\S+)H\S+z", node.get("d") or "") for node in found]
    return [
        (node.get("class") or "", float(place[1]), float(place[2]))
        for node, place in zip(found, places, strict=True)
        if place
    ]


def test_a_bar_is_as_high_as_its_value() -> None:
    low, high = (floor - top for _, top, floor in bars(drawn([10, 40])))
    assert high == pytest.approx(4 * low, rel=0.01)


def test_series_are_stacked() -> None:
    below, above = bars(drawn([10], [30]))
    assert above[2] == below[1]
    assert [below[0], above[0]] == ["s0", "s1"]


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_the_highest_column_has_its_value_and_it_alone(kind: str) -> None:
    assert texts(drawn([3, 17, 5], kind=kind), "value") == ["17"]
    assert texts(drawn([3, 17, 5], [20, 1, None], kind=kind), "value") == ["23" if kind == "bars" else "20"]


def test_each_column_has_a_hint_with_its_week_and_values() -> None:
    assert [node.text for node in drawn([3, 4]).iter("title")] == ["1 Mar: 3", "2 Mar: 4"]
    assert [node.text for node in drawn([3, None], [4, 5], kind="lines").iter("title")] == ["1 Mar: 3, 4", "2 Mar: 5"]


def test_the_running_week_is_marked() -> None:
    running = [node for node in drawn([1, 2], axis=Axis(WEEKS[:2], is_running=True)).iter("g") if node.get("class")]
    assert [node.findtext("title") for node in running] == ["2 Mar: 2"]


def test_a_mark_is_a_line_over_its_column() -> None:
    picture = drawn([1, 2, 3], axis=Axis(WEEKS[:3], marks={1: "A"}))
    assert texts(picture, "mark") == ["A"]
    assert len([node for node in picture.iter("path") if node.get("class") == "mark"]) == 1


def test_marks_without_room_for_each_text_are_joined() -> None:
    weeks = [str(number) for number in range(53)]
    picture = drawn([1.0] * 53, axis=Axis(weeks, marks={3: "1", 40: "2", 41: "3", 42: "4"}))
    assert texts(picture, "mark") == ["1", "2,3,4"]
    assert len([node for node in picture.iter("path") if node.get("class") == "mark"]) == 4


def test_a_gap_in_a_line_begins_it_anew() -> None:
    (line,) = (
        node.get("d") or ""
        for node in drawn([1, 2, None, 3], kind="lines").iter("path")
        if "line" in node.get("class", "")
    )
    assert line.count("M") == 2


@pytest.mark.parametrize("labels", [WEEKS, [f"{day} Mar 2026" for day in range(53)], ["1 Mar"], ["x" * 300]])
def test_labels_have_room_and_the_last_is_shown(labels: list[str]) -> None:
    picture = drawn([1.0] * len(labels), axis=Axis(labels))
    places = [float(node.get("x") or 0) for node in picture.iter("text") if node.text in labels]
    assert labels[-1] in texts(picture, "middle")
    width = len(labels[0]) * charts.LETTER
    for left, right in pairwise(sorted(places)):
        assert right - left >= width
    assert min(places) >= 0
    assert len(labels[0]) > 100 or max(places) <= WIDTH


@pytest.mark.parametrize("highest", [0, 0.004, 1, 7, 10, 24, 99.9, 1234, 9e18])
def test_ticks_are_round_and_reach_the_highest(highest: float) -> None:
    found = charts.ticks(highest)
    assert len(found) in range(2, 7)
    assert found[0] == 0
    assert found[-1] >= highest * 0.999


@pytest.mark.parametrize("draw", [charts.bars, charts.lines])
def test_texts_are_escaped(draw: Callable[..., str]) -> None:
    odd = "<script>&\"'"
    picture = fromstring(draw(odd, Axis([odd], marks={0: odd}), [[1.0]], Unit(1, odd, lambda _: odd)))  # noqa: S314
    assert picture.get("aria-label") == odd
    assert texts(picture, "value") == [odd]


@pytest.mark.parametrize("values", [[], [0.0], [None], [0.0, None]])
def test_nothing_to_draw_is_an_empty_chart(values: list[float | None]) -> None:
    for kind in ("bars", "lines"):
        assert texts(drawn(values, kind=kind), "value") == []


def test_durations_are_in_the_unit_that_suits_the_longest() -> None:
    assert [charts.seconds([longest, None], str).suffix for longest in (0.01, 5, 300, 8000)] == [
        " ms",
        " s",
        " min",
        " h",
    ]

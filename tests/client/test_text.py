"""Text from outside as a terminal may show it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.client.text import columns, one_line, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("  two\n\tlines ", "two lines"),
        ("a\x1b[2Jb\x07\x9b31m", "a [2Jb 31m"),
        ("right\u202eleft \ud800", "right left"),
        ("", ""),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_text_becomes_one_printable_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text(), st.integers(1, 40))
def test_any_text_is_printable_and_short(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert line.isprintable()
    assert len(line) <= limit


@pytest.mark.parametrize("character", ["\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\U0001d159"])
def test_letters_that_show_nothing_are_blanks(character: str) -> None:
    assert one_line(f"a{character * 50}b{character}") == "a b"


def test_combining_marks_draw_over_no_other_line() -> None:
    assert one_line("a" + "\u0301" * 40 + "b\u20dd") == "a\u0301\u0301b"
    assert one_line("ε\u0301 हिन्दी") == "ε\u0301 हिन्दी"


def test_lines_are_wrapped_by_the_columns_that_they_take() -> None:
    assert wrapped("one two three", 8, 5) == ["one two", "three"]
    assert wrapped("字字字字", 4, 5) == ["字字", "字字"]
    assert wrapped("", 8, 2) == []


def test_what_is_beyond_the_lines_is_cut() -> None:
    assert wrapped("one two three four", 8, 2) == ["one two", "three…"]
    assert [columns(line) for line in wrapped("字" * 50, 9, 2)] == [8, 9]

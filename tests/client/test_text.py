"""Text from outside as a terminal may show it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.client.text import one_line


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

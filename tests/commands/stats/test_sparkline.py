"""The chart that fits into a line."""

import pytest

from devtelemetry_cli.commands.stats import sparkline


def test_a_chart_rises_with_its_values_and_tells_nothing_from_little() -> None:
    assert sparkline.render([0, 0.01, 4, 8], "utf-8") == "·▁▅█"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "iso8859-15", "no such thing"])
def test_a_terminal_without_blocks_gets_ascii(encoding: str) -> None:
    assert sparkline.render([0, 1, 4, 8], encoding) == ".-*@"


def test_a_chart_of_nothing_is_flat() -> None:
    assert (sparkline.render([], "utf-8"), sparkline.render([0, 0], "utf-8")) == ("", "··")

"""No cell of a CSV file is a formula, and other values stay as they are."""

import pytest

from devtelemetry_cli.model.csv_cells import cell


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM", "\tx", " =x", "\uff1dx"])
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["test", "", 1, -2.5, None, True])
def test_any_other_value_stays(value: object) -> None:
    assert cell(value) == value


def test_lists_and_objects_are_json() -> None:
    assert cell({"a": [1, "\u00e4"]}) == '{"a":[1,"\u00e4"]}'

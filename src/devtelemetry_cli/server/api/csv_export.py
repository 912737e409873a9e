"""Rows as CSV that a spreadsheet may open: no cell of it is ever taken for a formula."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

# What spreadsheets begin a formula with, in their wide forms too; tabs and line ends hide one.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def lines(rows: Iterable[Mapping[str, Any]], fields: Iterable[str]) -> str:
    """The rows as lines; lists and objects as JSON texts, None as an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(row[name]) for name in fields] for row in rows)
    return out.getvalue()


def cell(value: object) -> object:
    """A value as one cell; a text that would be a formula gets an apostrophe before it, as OWASP advises."""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value

"""Rows as CSV for spreadsheets, in which no cell is a formula."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from devtelemetry_cli.model.csv_cells import cell


def lines(rows: Iterable[Mapping[str, Any]], fields: Iterable[str]) -> str:
    """The rows as lines; lists and objects as JSON texts, None as an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(row[name]) for name in fields] for row in rows)
    return out.getvalue()

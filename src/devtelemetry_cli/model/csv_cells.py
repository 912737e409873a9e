"""Cells of CSV files that a spreadsheet never takes for a formula. Pure."""

import json

# The characters that begin a formula, also in their full-width forms; tabs and line ends may hide one.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def cell(value: object) -> object:
    """A value as one cell: lists and objects as JSON; a text that would be a formula after an apostrophe (OWASP)."""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value

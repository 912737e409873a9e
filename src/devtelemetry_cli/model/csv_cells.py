"""Cells of CSV files that a spreadsheet never takes for a formula. Pure."""

import json

# Characters that a spreadsheet drops or does not show before a formula: vertical tab, form feed, separators, spaces of
# all widths, zero-width characters and the byte order mark.
_INVISIBLE = " \x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u180e\u2028\u2029\u202f\u205f\u2060\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200E))
)
# The characters that begin a formula, also in their full-width forms; tabs and line ends may hide one.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def cell(value: object) -> object:
    """A value as one cell: lists and objects as JSON; a text that would be a formula after an apostrophe (OWASP)."""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str) and value.lstrip(_INVISIBLE).startswith(_FORMULA):
        return f"'{value}"
    return value

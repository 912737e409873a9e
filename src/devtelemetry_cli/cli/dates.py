"""Dates as arguments."""

from datetime import date

import click


def parse(text: str, others: str = "") -> date:
    """A date of the form YYYY-MM-DD. Raises UsageError, which also names the `others` that the caller accepts."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != text:
        raise click.UsageError(f"Not a valid date: '{text}'. Use YYYY-MM-DD{others}.")
    return parsed

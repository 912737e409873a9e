"""Typed values from DevLake's JSON; another shape is an ApiError that names the request."""

from datetime import UTC, datetime
from typing import Any

from devtelemetry_cli.devlake.api import errors


def record(value: object, request: str) -> dict[str, Any]:
    """One object. Raises ApiError."""
    if not isinstance(value, dict):
        raise errors.malformed(request, "an object was expected")
    return value


def objects(value: object, request: str) -> list[dict[str, Any]]:
    """A list of objects; null is an empty list. Raises ApiError."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise errors.malformed(request, "a list was expected")
    return value


def number(item: dict[str, Any], name: str, request: str) -> int:
    """A required integer field. Raises ApiError."""
    value = item.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise errors.malformed(request, f"{name} is missing or not a number")
    return value


def text(item: dict[str, Any], name: str) -> str:
    """A text field, "" where it is missing. Integers are converted, since ids come in both forms."""
    value = item.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def moment(value: object) -> datetime | None:
    """A time in RFC 3339; None for anything else, and for Go's zero time."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)

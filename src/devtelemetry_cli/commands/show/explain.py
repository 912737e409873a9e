"""A body -> each field that is present, with its values and its meaning. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from devtelemetry_cli.report.fields import FIELDS

_MEANINGS = {field.path: field.meaning for field in FIELDS}
_UNKNOWN = "not in the notice of this version: another version of devtel sent it"


@dataclass(frozen=True)
class Explained:
    """One field of a body: its path as in the notice, its meaning, and its values as JSON, in order."""

    path: str
    meaning: str
    values: list[str]


def explain(body: bytes) -> list[Explained]:
    """Every field of a body in the order of the notice; fields outside the notice come last.

    Raises ValueError for a body that is not a report.
    """
    values: dict[str, list[str]] = {}
    for path, value in _leaves(json.loads(body), ""):
        values.setdefault(path, []).append(json.dumps(value))
    known = [path for path in _MEANINGS if path in values]
    others = [path for path in values if path not in _MEANINGS]
    return [Explained(path, _MEANINGS.get(path, _UNKNOWN), values[path]) for path in (*known, *others)]


def _leaves(value: object, prefix: str) -> Iterator[tuple[str, object]]:
    """Paths and values, in the form of `report.fields.paths`."""
    if prefix in _MEANINGS or not isinstance(value, dict | list):
        yield prefix, value
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, f"{prefix}[]")
    else:
        for key, item in value.items():
            yield from _leaves(item, f"{prefix}.{key}" if prefix else key)

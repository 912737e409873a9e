"""A body -> each field that is present, with its values and its meaning. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from devtelemetry_cli.model import formatting
from devtelemetry_cli.model.histogram import BASE
from devtelemetry_cli.report.fields import FIELDS

_MEANINGS = {field.path: field.meaning for field in FIELDS}
_UNKNOWN = "not in the notice of this version: another version of devtel sent it"
_TARGET = "metrics.targets[]"


@dataclass(frozen=True)
class Explained:
    """One field: its path as in the notice, its meaning, and its values for a reader, in order."""

    path: str
    meaning: str
    values: list[str]


@dataclass(frozen=True)
class Block:
    """The fields of the whole report (`title` is empty), or those of one target."""

    title: str
    fields: list[Explained]


def explain(body: bytes) -> list[Block]:
    """The report as a whole, then a block per target. Fields outside the notice come last in their block.

    Raises ValueError for a body that is not a report.
    """
    report = json.loads(body)
    if not isinstance(report, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  of the file's content
    metrics = report.get("metrics")
    targets = metrics.pop("targets", []) if isinstance(metrics, dict) else []
    blocks = [Block(_title(target), _fields(target, _TARGET)) for target in targets if isinstance(target, dict)]
    return [Block("", _fields(report, "")), *blocks]


def _title(target: dict[str, object]) -> str:
    project = f" of {target['project']}" if target.get("project") else ""
    return f"Target {target.get('target')}{project}"


def _fields(value: object, prefix: str) -> list[Explained]:
    values: dict[str, list[str]] = {}
    for path, leaf in _leaves(value, prefix):
        values.setdefault(path, []).append(_text(path, leaf))
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


def _text(path: str, value: object) -> str:
    """A value as JSON; a histogram of durations as "149 to 177 ms: 1" for each bucket."""
    if path == f"{_TARGET}.durations" and isinstance(value, dict):
        try:
            return ", ".join(f"{_interval(int(index))}: {count}" for index, count in value.items())
        except (ValueError, OverflowError):
            pass  # keys that no devtel writes
    return json.dumps(value)


def _interval(index: int) -> str:
    """The durations of a bucket: "149 to 177 ms", "950 ms to 1.1 s"."""
    lower, upper = (formatting.duration(float(BASE**i)) for i in (index, index + 1))
    number, _, unit = lower.rpartition(" ")
    return f"{number if upper.endswith(f' {unit}') and number.count(' ') == 0 else lower} to {upper}"

"""A received body -> a Report, by the rules of the plugin's decoder (Go) for its own fields.

It is stricter where the plugin would store nonsense or fail: docs/report-endpoint.md lists the differences.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from devtelemetry_cli.model.metrics import Environment, Extension, anonymous_id
from devtelemetry_cli.report.decode import MAX_NAME, ReportError, read_extension

MAX_TEXT_BYTES = 65_535  # a TEXT column of MySQL
MAX_HOURS = 24
MAX_RUNS = 100_000  # of a report: more than one a second, day and night
MAX_SECONDS = 10_000_000  # of a report: more than 100 runs at once, day and night
# A tenth of the standard library's time. Neither accepts NaN or half a surrogate pair.
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OTHER_SENDER = Extension(schema=0, revision=None, environment=Environment(), targets=[])


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is stored: the plugin's columns (lists as JSON texts), and devtel's extension."""

    date: date
    developer: str
    email: str
    name: str
    hostname: str
    active_hours: int
    tools_used: str
    projects: str
    commands: str
    extension: Extension


def read_report(body: bytes, today: date) -> Report:
    """The report in `body`; `today` is the date in UTC. Raises ReportError with a sentence for the sender."""
    wire = read_object(body)
    metrics = read_field(wire, "metrics")
    if metrics is None:
        metrics = {}
    if not isinstance(metrics, dict):
        raise ReportError("metrics: an object is expected")
    return Report(
        date=_date(read_field(wire, "date"), today),
        developer=read_developer(wire),
        email=read_string(wire, "email"),
        name=read_string(wire, "name"),
        hostname=read_string(wire, "hostname"),
        active_hours=_hours(read_field(metrics, "active_hours")),
        tools_used=_list_text("tools_used", read_field(metrics, "tools_used")),
        projects=_list_text("projects", read_field(metrics, "projects")),
        commands=_counts_text("commands", read_field(metrics, "commands")),
        extension=_extension(metrics),
    )


def check_limits(report: Report) -> None:
    """ReportError for more runs or seconds than a developer reaches in a day: they would distort the team's figures."""
    targets = report.extension.targets
    if max((max(t.runs, t.failures, t.interrupted, t.lost) for t in targets), default=0) > MAX_RUNS:
        raise ReportError(f"targets: more than {MAX_RUNS} runs of a target")
    if sum(t.runs for t in targets) > MAX_RUNS:
        raise ReportError(f"targets: more than {MAX_RUNS} runs")
    if sum(max(t.waited_seconds, t.duration_total, t.duration_max) for t in targets) > MAX_SECONDS:
        raise ReportError(f"targets: more than {MAX_SECONDS} seconds")


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, all of its strings valid for a database. Raises ReportError."""
    try:
        value = _decode(body)
    except RecursionError:
        raise ReportError("the body is nested too deeply") from None
    except ValueError:
        raise ReportError("the body is not valid JSON") from None
    if not isinstance(value, dict):
        raise ReportError("the body is not a JSON object")
    if b"\\u0000" in body:  # only an escape can bring in a NUL, which no database accepts
        _refuse_nul(value)
    return value


def read_developer(wire: Mapping[str, Any]) -> str:
    """The developer's id, whose part before the first dot names a person. Raises ReportError."""
    developer = read_string(wire, "developer")
    if not anonymous_id(developer):
        raise ReportError("developer: an id is expected")
    return developer


def read_string(wire: Mapping[str, Any], name: str, most: int = MAX_NAME) -> str:
    """A string of at most `most` characters; absent or null is empty. Raises ReportError."""
    value = read_field(wire, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ReportError(f"{name}: a string is expected")
    if len(value) > most:
        raise ReportError(f"{name}: longer than {most} characters")
    return value


def read_integer(where: str, value: object) -> int:
    """An integer of 64 bits as Go's decoder makes it: 3.9 is 3, null is 0. Raises ReportError."""
    if value is None:
        return 0
    # isfinite() converts an integer to a float, which overflows from 309 digits on.
    is_infinite = isinstance(value, float) and not math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or is_infinite:
        raise ReportError(f"{where}: a number is expected")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ReportError(f"{where}: the number is too large")
    return number


def read_field(wire: Mapping[str, Any], name: str) -> object:
    """The value of the key `name`, else of one that differs from it in case only."""
    if name in wire:
        return wire[name]
    return next((value for key, value in wire.items() if key.lower() == name.lower()), None)


def read_day(value: object) -> date:
    """A date. Raises ReportError."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ReportError("date: YYYY-MM-DD is expected")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ReportError("date: there is no such day") from None


def _date(value: object, today: date) -> date:
    day = read_day(value)
    if day > today + timedelta(days=1):  # it is tomorrow already for a sender east of Greenwich
        raise ReportError("date: the day is in the future")
    return day


def _hours(value: object) -> int:
    hours = read_integer("active_hours", value)
    if not 0 <= hours <= MAX_HOURS:
        raise ReportError(f"active_hours: 0 to {MAX_HOURS} are expected")
    return hours


def _list_text(where: str, value: object) -> str:
    """The JSON text of a list of strings. An absent list is the text `null`, as Go writes a nil slice."""
    if value is None:
        return "null"
    if not isinstance(value, list):
        raise ReportError(f"{where}: a list is expected")
    if not all(item is None or isinstance(item, str) for item in value):
        raise ReportError(f"{where}: strings are expected")
    return _text(where, [item or "" for item in value])


def _counts_text(where: str, value: object) -> str:
    """The JSON text of an object of counts, its keys in order as Go writes a map."""
    if value is None:
        return "null"
    if not isinstance(value, dict):
        raise ReportError(f"{where}: an object is expected")
    return _text(where, {key: read_integer(where, count) for key, count in value.items()})


def _text(where: str, value: object) -> str:
    text = _encode(value)
    if len(text) > MAX_TEXT_BYTES:
        raise ReportError(f"{where}: more than {MAX_TEXT_BYTES} bytes")
    return text.decode()


def _extension(metrics: Mapping[str, Any]) -> Extension:
    """devtel's extension. Without `schema` the report may be another sender's: its unknown fields are ignored."""
    try:
        return read_extension(metrics)
    except ReportError:
        if "schema" in metrics:
            raise
        return _OTHER_SENDER


def _refuse_nul(value: object) -> None:
    """Raise ReportError where a NUL stands in a string or key of `value`."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str) and "\0" in item:
            raise ReportError("the body has a character that cannot be stored")

"""JSON schemas of requests and answers, for the OpenAPI description. decode.py validates requests."""

from typing import Any

from devtelemetry_cli.model.metrics import AGES, BRANCHES
from devtelemetry_cli.report.decode import MAX_NAME
from devtelemetry_cli.report.encode import MAX_TARGETS
from devtelemetry_cli.server.api.dependencies import MAX_BODY_BYTES
from devtelemetry_cli.server.db.events import MAX_TEXT
from devtelemetry_cli.server.db.queries import DAILY as DAILY_FIELDS
from devtelemetry_cli.server.db.queries import KEYS
from devtelemetry_cli.server.db.queries import TARGETS as TARGET_FIELDS
from devtelemetry_cli.server.ingest.decode import MAX_HOURS, MAX_RUNS, MAX_SECONDS, MAX_TEXT_BYTES
from devtelemetry_cli.server.team.rows import FIELDS as TEAM_FIELDS

Shape = dict[str, Any]

ANY: Shape = {"type": "object"}
_NUMBER: Shape = {"type": "integer"}
_NAME: Shape = {"type": "string", "maxLength": 255}
_COUNTS: Shape = {"type": "object", "additionalProperties": _NUMBER}
_NAMES: Shape = {"type": "array", "items": {"type": "string"}}
_KINDS: dict[str, Shape] = {
    **{name: {"type": "string", "format": "date"} for name in ("date", "week")},
    **{name: {**_NAMES, "type": ["array", "null"]} for name in ("tools_used", "projects")},
    **{name: {**_COUNTS, "type": ["object", "null"]} for name in ("commands", "durations", "exit_codes")},
    "checkouts": {"type": ["array", "null"], "items": ANY},
    **{name: {"type": "number"} for name in ("waited_seconds", "duration_total", "duration_max")},
    **{name: {"type": "string", "description": "a pseudonym"} for name in ("developer", "machine")},
    **dict.fromkeys(("project", "target"), _NAME),
    **{name: {"type": ["string", "null"]} for name in ("os", "architecture", "make", "devtel")},
}


def _object(**properties: Shape) -> Shape:
    return {"type": "object", "properties": properties}


def _about(shape: Shape, text: str) -> Shape:
    return {**shape, "description": text}


def many(shape: Shape) -> Shape:
    """A list of `shape`."""
    return {"type": "array", "items": shape}


def _rows(fields: tuple[str, ...]) -> Shape:
    row = _object(**{name: _KINDS.get(name, {"type": ["integer", "null"]}) for name in (*KEYS, *fields)})
    return _object(count=_NUMBER, page=_NUMBER, pageSize=_NUMBER, rows=many(row))


DAILY = _rows(DAILY_FIELDS)
TARGETS = _rows(TARGET_FIELDS)
TEAM = _object(
    count=_NUMBER,
    page=_NUMBER,
    pageSize=_NUMBER,
    minDevelopers=_NUMBER,
    rows=many(_object(**{name: _KINDS.get(name, {"type": ["number", "null"]}) for name in TEAM_FIELDS})),
)
PROJECTS = _object(
    count=_NUMBER,
    page=_NUMBER,
    pageSize=_NUMBER,
    minDevelopers=_NUMBER,
    rows=many(_object(project=_NAME, connections=many(_NUMBER), first=_KINDS["week"], last=_KINDS["week"])),
)
_REAL: Shape = {"type": "number"}
_REAL_OR_NONE: Shape = {"type": ["number", "null"]}
MACHINES = _object(
    minDevelopers=_NUMBER,
    count=_NUMBER,
    rows=many(
        _object(
            platform={"type": "string", "description": "operating system and architecture; empty: all others"},
            memory_gib={"type": "integer", "description": "0: all others"},
            cores={"type": "integer", "description": "0: all others"},
            developers=_NUMBER,
            duration_ratio=_REAL_OR_NONE,
            failure_ratio=_REAL_OR_NONE,
        )
    ),
)
_DAY: Shape = {"type": ["string", "null"], "format": "date"}
_LAST_REPORT = _about(_DAY, "the last day (UTC) on or after which minDevelopers developers sent a report")
ADOPTION = _object(
    minDevelopers=_NUMBER,
    lastReport=_LAST_REPORT,
    weeks=many(_object(week=_KINDS["week"], developers=_NUMBER)),
    versions=_object(week=_DAY, devtel=_COUNTS, make=_COUNTS),
    waiting=many(_object(week=_KINDS["week"], developers=_NUMBER, reports=_NUMBER, until=_KINDS["week"])),
)
_EVENT: dict[str, Shape] = {
    "date": _KINDS["date"],
    "text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
    "project": {**_NAME, "description": "empty: all projects"},
}
NEW_EVENT = {**_object(**_EVENT), "required": ["date", "text"]}
EVENT = _object(id=_NUMBER, **_EVENT)
EVENTS = _object(count=_NUMBER, rows=many(EVENT))
_FIGURES: dict[str, Shape] = {
    **dict.fromkeys(("runs", "failures", "interrupted", "lost"), _NUMBER),
    **dict.fromkeys(("waited_seconds", "mean_seconds"), _REAL),
    **dict.fromkeys(("p50_seconds", "p90_seconds"), _REAL_OR_NONE),
}
_SIDE = _object(**_FIGURES)
_CHANGES = many(
    _object(
        **dict.fromkeys(("project", "target"), _NAME),
        **dict.fromkeys(("before", "now"), _SIDE),
        low=_about(
            _REAL, "of the 95 % interval: of the ratio of durations less 1, or of the difference of failure rates"
        ),
        high=_REAL,
        cost_seconds=_REAL,
    )
)
DIGEST = _object(
    minDevelopers=_about(_NUMBER, "the smallest group that the server shows"),
    week=_about(_KINDS["week"], "the Monday"),
    until=_about(_KINDS["week"], "the Sunday"),
    project={"type": ["string", "null"], "description": "the project asked for"},
    hasFigures={"type": "boolean", "description": "whether anything of the week is published"},
    weeksBefore=_about(_NUMBER, "earlier weeks with figures, of four"),
    compared=_about(_NUMBER, "targets with enough runs on both sides"),
    developers=_about(_NUMBER, "of the week, at least"),
    totals=_about(_SIDE, "of all targets"),
    waitedSecondsBefore=_about(_REAL_OR_NONE, "the mean of an earlier week"),
    targets=_about(
        many(_object(**dict.fromkeys(("project", "target"), _NAME), developers=_NUMBER, **_FIGURES)),
        "the ten costliest; an empty target is the rest",
    ),
    changed=_about(_COUNTS, "the number of changes by kind"),
    **dict.fromkeys(
        ("slower", "faster", "fragile", "robust"), _about(_CHANGES, "at most twenty changes, the largest first")
    ),
    lastReport=_LAST_REPORT,
    waitingReports=_about(_NUMBER, "reports that are not shown yet, at least"),
    events=_about(many(EVENT), "of the week"),
)
ENVELOPE = _object(
    code=_NUMBER,
    success={"type": "boolean"},
    message={"type": "string"},
    causes={"type": ["array", "null"], "items": {"type": "string"}},
    data={"type": ["object", "null"]},
)
_CONNECTION: dict[str, Shape] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "endpoint": {**_NAME, "minLength": 1},
    "secretToken": {"type": "string", "maxLength": 4096, "description": "never answered; empty or masked: kept"},
    "proxy": _NAME,
    "rateLimitPerHour": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
}
_TIME: Shape = {"type": "string", "format": "date-time"}
CHANGE = _object(**_CONNECTION)
NEW = {**CHANGE, "required": ["name", "endpoint"]}
CONNECTION = _object(id=_NUMBER, createdAt=_TIME, updatedAt=_TIME, **_CONNECTION)
FORGET = {**_object(developer=_NAME), "required": ["developer"]}
TEST = _object(secretToken=_CONNECTION["secretToken"])
VERSION = _object(version={"type": "string"})


def _count(maximum: int = 2**63 - 1) -> Shape:
    return {"type": "integer", "minimum": 0, "maximum": maximum}


_SECONDS: Shape = {"type": "number", "minimum": 0, "maximum": MAX_SECONDS}
_CHECKOUT = _object(branch={"enum": list(BRANCHES)}, age_days={"enum": list(AGES)}, runs=_count(), failures=_count())
_TARGET = {
    **dict.fromkeys(("project", "target"), _NAME),
    **dict.fromkeys(("runs", "failures", "interrupted", "lost"), _count(MAX_RUNS)),
    **dict.fromkeys(("waited_seconds", "duration_total", "duration_max"), _SECONDS),
    "durations": {
        "type": "object",
        "description": "bucket of the histogram -> runs",
        "propertyNames": {"pattern": "^-?[0-9]{1,2}$"},
        "additionalProperties": _count(),
    },
    "exit_codes": {"type": "object", "propertyNames": {"maxLength": MAX_NAME}, "additionalProperties": _count()},
    "checkouts": {
        **many(
            _object(branch={"enum": list(BRANCHES)}, age_days={"enum": list(AGES)}, runs=_count(), failures=_count())
        ),
        "maxItems": len(BRANCHES) * len(AGES),
    },
}
_METRICS = _object(
    active_hours=_count(MAX_HOURS),
    tools_used=_NAMES,
    commands=_COUNTS,
    projects=_NAMES,
    schema=_count(),
    revision=_count(),
    environment=_object(
        **dict.fromkeys(("os", "architecture", "make", "devtel"), _NAME), cores=_count(), memory_gib=_count()
    ),
    targets={**many({**_object(**_TARGET), "required": ["target"]}), "maxItems": MAX_TARGETS + 1},
)
REPORT = {
    **_object(
        date={**_KINDS["date"], "description": "not later than tomorrow (UTC)"},
        developer={**_NAME, "minLength": 1, "pattern": "^[^.]"},
        **dict.fromkeys(("email", "name", "hostname"), _NAME),
        metrics=_METRICS,
    ),
    "required": ["date", "developer"],
    "description": f"At most {MAX_BODY_BYTES} bytes; each list as JSON at most {MAX_TEXT_BYTES} bytes.",
}


def _answer(status: int, kind: str, shape: Shape) -> Shape:
    refused = {"description": "refused, with the reason", "content": {"application/json": {"schema": ENVELOPE}}}
    return {"responses": {status: {"description": "done", "content": {kind: {"schema": shape}}}, "4XX": refused}}


def gives(shape: Shape, status: int = 200) -> Shape:
    """The description of a path that answers `shape`."""
    return {**_answer(status, "application/json", shape), "status_code": status}


def takes(body: Shape, shape: Shape, status: int = 200) -> Shape:
    """The description of a path that reads `body` and answers `shape`."""
    content = {"application/json": {"schema": body}}
    return {**gives(shape, status), "openapi_extra": {"requestBody": {"required": True, "content": content}}}


CSV = _answer(200, "text/csv", {"type": "string"})
TEXT = _answer(200, "text/plain", {"type": "string"})
NOTHING = _answer(200, "text/plain", {"type": "string", "maxLength": 0})

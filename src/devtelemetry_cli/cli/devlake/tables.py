"""Tables, lines and JSON for a terminal or a pipe; columns are aligned by spaces."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.discover import Found
from devtelemetry_cli.devlake.monitor.monitor import Entry

DISCOVER_HEADS = ("connection", "name", "added", "missing", "")
MONITOR_HEADS = ("project", "status", "ended", "seconds", "message")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Heads and rows as one text, without trailing spaces."""
    lines = [heads, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    aligned = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in aligned)


def discover_row(found: Found) -> tuple[str, ...]:
    """A connection's line."""
    missing = None if found.missing is None else len(found.missing)
    counts = ("-" if count is None else str(count) for count in (found.added, missing))
    return (str(found.connection), found.connection.name, *counts, found.fault)


def discover_json(found: Found) -> dict[str, object]:
    """A connection as an object."""
    missing = None if found.missing is None else [{"id": s.id, "fullName": s.full_name} for s in found.missing]
    return {
        "plugin": found.connection.plugin,
        "id": found.connection.id,
        "name": found.connection.name,
        "added": found.added,
        "missing": missing,
        "incompleteScopeConfigs": dict(found.incomplete_configs),
        "error": found.fault or None,
    }


def config_notes(found: Found) -> list[str]:
    """A sentence for each scope config of a connection that lacks patterns."""
    return [
        f"{found.connection}: the scope config {name} has no {', '.join(fields)}, which DORA metrics need; "
        "devtel leaves it as it is."
        for name, fields in found.incomplete_configs.items()
    ]


def monitor_row(entry: Entry) -> tuple[str, ...]:
    """A blueprint's line."""
    history = entry.history
    status = (history.status or "none").removeprefix("TASK_").lower()
    ended = max(filter(None, (history.succeeded, history.failed)), default=None)
    when = "-" if ended is None else datetime.fromtimestamp(ended, UTC).strftime("%Y-%m-%d %H:%M")
    seconds = "-" if history.duration is None else f"{history.duration:.0f}"
    return (entry.project, status if entry.enabled else f"{status}, off", when, seconds, history.message)


def monitor_json(entry: Entry) -> dict[str, object]:
    """A blueprint as an object; times in POSIX seconds."""
    history = entry.history
    return {
        "project": entry.project,
        "enabled": entry.enabled,
        "status": history.status or None,
        "failing": entry.is_failing,
        "lastSuccess": history.succeeded,
        "lastFailure": history.failed,
        "seconds": history.duration,
        "message": history.message or None,
    }


def pipeline_line(project: str, pipeline: Pipeline) -> str:
    """A pipeline in one line."""
    status = pipeline.status.removeprefix("TASK_").lower()
    return f"{project}: pipeline {pipeline.id} {status}, {pipeline.finished_tasks} of {pipeline.tasks} tasks"


def pipeline_json(pipeline: Pipeline, reasons: list[str]) -> str:
    """A pipeline as JSON, with the reasons of its failure."""
    return json.dumps(
        {
            "id": pipeline.id,
            "status": pipeline.status,
            "totalTasks": pipeline.tasks,
            "finishedTasks": pipeline.finished_tasks,
            "seconds": pipeline.seconds,
            "skippedCollectors": pipeline.skips_collectors,
            "failures": reasons,
        },
        ensure_ascii=False,
    )

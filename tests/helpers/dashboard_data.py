"""Runs reported to a server as devtel does, and read back as Grafana does."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import NullPool, create_engine

from devtelemetry_cli.model import histogram
from devtelemetry_cli.model.metrics import DailyMetrics, Environment, TargetMetrics
from devtelemetry_cli.report.encode import encode
from tests.helpers.made_up_runs import Day, Run, other_senders, runs
from tests.helpers.report_server import CONNECTIONS, ReportServer

CONNECTION_NAMES = ("team one", "team 'two' \\ <b>ü</b>")


@dataclass(frozen=True)
class FilledDatabase:
    """A database with reports in it."""

    kind: str
    url: str
    connections: tuple[str, ...]  # the ids


def fill_database(server: ReportServer, kind: str, url: str) -> FilledDatabase:
    """Post everything; the database afterwards."""
    ids = tuple(_connect(server, name) for name in CONNECTION_NAMES)
    for connection, body in [*_reports(runs()), *map(_stranger, other_senders())]:
        answer = server.client.post(f"{CONNECTIONS}/{ids[connection]}/report", content=body)
        assert answer.status_code == 200, answer.text
    return FilledDatabase(kind, url, ids)


def answer(url: str, sql: str) -> list[dict[str, Any]]:
    """The rows of a query that goes to the server as it is."""
    engine = create_engine(url, poolclass=NullPool)
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if engine.dialect.name in ("mysql", "mariadb"):
            cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]
    finally:
        raw.close()


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal | int) else value


def _connect(server: ReportServer, name: str) -> str:
    made = server.client.post(CONNECTIONS, json={"name": name, "endpoint": "x"}).raise_for_status().json()
    return str(made["id"])


def _reports(of: Iterable[Run]) -> list[tuple[int, bytes]]:
    found: dict[tuple[int, str, str, str], DailyMetrics] = {}
    for run in of:
        day = run.day.isoformat()
        metrics = found.setdefault((run.connection, run.person, run.machine, day), DailyMetrics(day, git_seen=True))
        metrics.revision += 1
        metrics.hours.add(run.hour)
        _count(metrics.target(run.project, run.target), run)
    return [(key[0], encode(metrics, key[1], key[2], Environment())) for key, metrics in found.items()]


def _count(target: TargetMetrics, run: Run) -> None:
    target.runs += 1
    target.failures += run.failed
    target.interrupted += not run.completed
    target.waited_seconds += run.seconds
    target.exit_codes[run.code] = target.exit_codes.get(run.code, 0) + 1
    if run.completed:
        histogram.add(target.durations, {histogram.bucket(run.seconds): 1})


def _stranger(day: Day) -> tuple[int, bytes]:
    metrics = {"active_hours": day.hours, "tools_used": day.tools, "commands": day.commands, "projects": day.projects}
    # A name with a dot: the person is what stands before it.
    body = {"date": day.day.isoformat(), "developer": f"{day.person}.some.host", "metrics": metrics}
    return day.connection, json.dumps(body).encode()

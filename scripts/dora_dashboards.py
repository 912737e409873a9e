#!/usr/bin/env python3
"""Generate devtel-dora-mysql.json and devtel-dora-postgresql.json, for Grafana 10 and later.

scripts/dora_dashboards.py [FOLDER]    FOLDER: src/devtelemetry_cli/server/dashboards by default

Local tooling beside DORA: the table of the devtel plugin for DevLake joined with DevLake's projects. The SQL is in
dashboards/queries/dora/, with the placeholders of scripts/dashboards.py.
"""

import json
import sys
from pathlib import Path

from dashboards import FOLDER, MYSQL, POSTGRESQL, Json, chart, query_of, sql, table, text, variables

OWN = {
    "chosen project": "('*' IN (${project:sqlstring}) OR <it> IN (${project:sqlstring}))",
    # Reports without a project have a target only; an empty target sums those that cannot be shown apart.
    "series": "CASE WHEN project = '' THEN target ELSE CONCAT(project, ' / ', target) END",
    # The row of a scope in project_mapping is its domain id: plugin, model, connection, scope.
    "target weeks": """\
    SELECT m.project_name AS project_name, {week of w.week} AS week, w.project AS project, w.target AS target,
        w.runs AS runs, w.failures AS failures, w.waited_seconds AS waited_seconds,
        w.p50_seconds AS p50_seconds, w.p90_seconds AS p90_seconds
    FROM _tool_devtel_targetweeks AS w
    JOIN _tool_devtel_projects AS p ON p.connection_id = w.connection_id AND p.project = w.project
    JOIN project_mapping AS m ON m.{table column} = 'cicd_scopes'
        AND m.row_id = CONCAT('devtel:Project:', p.connection_id, ':', p.id)
    WHERE $__timeFilter(w.week) AND {chosen project of m.project_name}""",
    "busiest targets": """\
    SELECT project_name, project, target
    FROM weeks
    WHERE target <> ''
    GROUP BY project_name, project, target
    ORDER BY SUM(waited_seconds) DESC, project_name, project, target
    LIMIT 10""",
}
EXPRESSIONS = {
    "mysql": MYSQL
    | OWN
    | {"table column": "`table`", "week": "UNIX_TIMESTAMP(DATE_SUB(DATE(<it>), INTERVAL WEEKDAY(<it>) DAY))"},
    "postgresql": POSTGRESQL
    | OWN
    | {"table column": '"table"', "week": "extract(epoch FROM date_trunc('week', <it>))"},
}
INTRODUCTION = """\
Make targets on developers' machines, beside DORA's figures of the same DevLake projects. The upper part reads \
`_tool_devtel_targetweeks`, which the devtel plugin fills with weekly figures over at least as many developers as its \
server requires. Deployments and lead time read DevLake's own tables and stay empty without DORA's data. Weeks begin \
on Monday, UTC; the current week is incomplete. Figures side by side do not prove a cause."""


def panels(expressions: dict[str, str], source: Json) -> list[Json]:
    """The panels of the board."""

    def over_time(query: str, **more: str) -> Json:
        return query_of(source, "time_series", sql(expressions, f"dora/{query}", **more))

    waiting = "Hours that developers waited for make targets; without nested runs."
    lead = "Median time from the first commit to the merge, of pull requests merged in the week."
    percentiles = "Of the ten targets with the most waiting, from the server's histograms, within 9.1 %."
    highest = "Highest weekly percentiles. An empty target: targets that cannot be shown apart."
    p50, p90 = (over_time("durations", percentile=f"p{percent}_seconds") for percent in (50, 90))
    deployments = over_time("deployments")
    return [
        text("About this board", (0, 0, 24, 4), INTRODUCTION),
        chart("Waited per week", (0, 4, 12, 9), "bars h", waiting, over_time("waited")),
        chart("Failure rate per week", (12, 4, 12, 9), "line percentunit", "Failed runs.", over_time("failure-rate")),
        chart("Deployments per week", (0, 13, 12, 9), "bars short", "Successful, to production.", deployments),
        chart("Lead time per week", (12, 13, 12, 9), "line h", lead, over_time("lead-time")),
        chart("Median duration per week", (0, 22, 12, 9), "line s", percentiles, p50),
        chart("90th percentile of durations per week", (12, 22, 12, 9), "line s", percentiles, p90),
        table(
            "Targets, most waiting first",
            (0, 31, 24, 12),
            highest,
            query_of(source, "table", sql(expressions, "dora/targets")),
        ),
    ]


def dashboard(name: str, kind: str) -> Json:
    """The whole board; `kind` is Grafana's name of the data source."""
    expressions, source = EXPRESSIONS[name], {"type": kind, "uid": "${datasource}"}
    kept = {"datasource", "project"}
    listed = [one for one in variables(expressions, kind, source, project="dora/project-names") if one["name"] in kept]
    shown = panels(expressions, source)
    for number, one in enumerate(shown, start=1):
        one["id"] = number
    return {
        "uid": f"devtel-dora-{name}",
        "title": f"Local tooling beside DORA ({'MySQL and MariaDB' if name == 'mysql' else 'PostgreSQL'})",
        "tags": ["devtel", "devlake", "dora"],
        "schemaVersion": 38,
        "version": 1,
        "editable": True,
        "timezone": "utc",
        "weekStart": "monday",
        "time": {"from": "now-180d/d", "to": "now/d"},
        "refresh": "",
        "templating": {"list": listed},
        "annotations": {"list": []},
        "panels": shown,
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, kind in (("mysql", "mysql"), ("postgresql", "postgres")):
        written = json.dumps(dashboard(name, kind), indent=2, ensure_ascii=False)
        (folder / f"devtel-dora-{name}.json").write_text(written + "\n")

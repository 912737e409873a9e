#!/usr/bin/env python3
"""Generate devtel-mysql.json and devtel-postgresql.json, for Grafana 10 and later.

scripts/dashboards.py [FOLDER]    FOLDER: src/devtelemetry_cli/server/dashboards by default

dashboards/queries/ holds one SQL file per panel for both databases. Expressions that differ between them, or that
several files share, are placeholders: {name}, or {name of column}. `$...` is a variable or macro of Grafana.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src/devtelemetry_cli/server/dashboards"
PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z ]+?)(?: (?:of|in) ([\w.]+))?\}")
Json = dict[str, Any]
Place = tuple[int, int, int, int]  # x, y, width and height on a grid that is 24 wide
UNITS = {"waited_seconds": "s", "failure_rate": "percentunit", "p50": "s", "p90": "s"}

# Values of variables are numbers and hashes only: Grafana does not escape backslashes for MySQL, and any sender of
# reports chooses a project's name.
EXPRESSIONS = {
    "chosen connection": "('*' IN (${connection:sqlstring}) OR CONCAT(connection_id) IN (${connection:sqlstring}))",
    "chosen project": "('*' IN (${project:sqlstring}) OR {hash of <it>} IN (${project:sqlstring}))",
    "series": "CASE WHEN project = '' THEN target ELSE CONCAT(project, ' / ', target) END",
    # Buckets of histogram.py: 2^(i/4) < seconds <= 2^((i+1)/4), each represented by its geometric middle.
    "middle": "POWER(2, (<it> + 0.5) / 4)",
    "reports": """\
    SELECT {person} AS person, date, active_hours, tools_used, project_context, command_counts
    FROM _tool_developer_metrics
    WHERE $__timeFilter(date) AND {chosen connection}""",
    "rows per target": """\
    SELECT {person} AS person, {week} AS week, project, target, runs, failures, waited_seconds, durations, exit_codes
    FROM devtel_target_metrics
    WHERE $__timeFilter(date) AND {chosen connection} AND {chosen project of project}""",
    # Persons are counted in these few rows; counting them in the whole table took MariaDB ten times as long.
    "persons weeks": """\
    SELECT person, week, project, target, SUM(runs) AS runs, SUM(failures) AS failures,
        SUM(waited_seconds) AS waited_seconds, SUM(CASE WHEN durations <> '{}' THEN 1 ELSE 0 END) AS timed
    FROM ({rows per target}) AS rows_per_target
    GROUP BY person, week, project, target""",
    "busiest targets": """\
    SELECT project, target
    FROM chosen
    GROUP BY project, target
    HAVING COUNT(DISTINCT person) >= ${k}
    ORDER BY SUM(waited_seconds) DESC, project, target
    LIMIT 10""",
}

# A list or object that a sender omitted is stored as the text null.
MYSQL = EXPRESSIONS | {
    "person": "SUBSTRING_INDEX(developer_id, '.', 1)",
    "day": "UNIX_TIMESTAMP(date)",
    "week": "UNIX_TIMESTAMP(DATE_SUB(date, INTERVAL WEEKDAY(date) DAY))",
    "name": "name COLLATE utf8mb4_bin",  # Test and test are two targets
    # A database's own character set may be smaller than that of JSON.
    "text": "name VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$'",
    "hash": "SHA2(CONVERT(<it> USING utf8mb4), 256)",
    "list": "CASE WHEN <it> LIKE '[%' THEN <it> END",
    "object": "CASE WHEN <it> LIKE '{%' THEN <it> END",
    "each": "JSON_TABLE({list of <it>}, '$[*]' COLUMNS ({text})) AS item",
    # Keys and values by their position: a path to a key needs quotes, which the servers treat differently.
    "counts": "JSON_TABLE(JSON_KEYS({object in <it>}), '$[*]' COLUMNS (n FOR ORDINALITY, {text})) AS pair",
    "times": "CAST(JSON_EXTRACT(JSON_EXTRACT(<it>, '$.*'), CONCAT('$[', n - 1, ']')) AS SIGNED)",
}
POSTGRESQL = EXPRESSIONS | {
    "person": "split_part(developer_id, '.', 1)",
    "day": "extract(epoch FROM date)",
    "week": "extract(epoch FROM date_trunc('week', date::timestamp))",
    "name": "name",
    "hash": "encode(sha256(convert_to(<it>, 'UTF8')), 'hex')",
    "list": "(CASE WHEN <it> LIKE '[%' THEN <it> END)::json",
    "object": "(CASE WHEN <it> LIKE '{%' THEN <it> END)::json",
    "each": "json_array_elements_text({list of <it>}) AS item(name)",
    "counts": "json_each_text({object in <it>}) AS pair(name, times)",
    "times": "times::bigint",
}

INTRODUCTION = """\
Developers' reports, from the tables of DevLake's `developer_telemetry` plugin. **Connection** filters every panel; \
**Project** filters *Projects* and the row *Per target*. Days are the developers' local days; weeks begin on Monday.

A day, week, command or target is shown only for at least ${k} developers, so that this board identifies no single \
person. It does **not** restrict access to DevLake's database, own queries through this data source, or the \
subtraction of one answer from another: grant access sparingly."""

NEEDS = """\
**Needs `devtel serve`.** These panels read `devtel_target_metrics`, which DevLake's plugin does not have: with \
DevLake's own database as data source each of them shows an error. Choose the database of `devtel serve`, which has \
the plugin's tables too. Percentiles are computed from the merged histograms, within 9.1 % of the exact ones. The \
trends show the ten targets with the longest waits."""


def sql(expressions: dict[str, str], query: str, **more: str) -> str:
    """The query of that name, with every placeholder replaced."""
    expressions, text = expressions | more, (ROOT / "dashboards/queries" / f"{query}.sql").read_text().rstrip()
    while found := PLACEHOLDER.search(text):
        expression = expressions[found[1]].replace("<it>", found[2] or "")
        text = text[: found.start()] + expression.lstrip() + text[found.end() :]
    return text


def panel(kind: str, title: str, place: Place, about: str = "", **more: object) -> Json:
    """The fields of every panel."""
    grid = dict(zip("xywh", place, strict=True))
    return {"type": kind, "title": title, "description": about, "gridPos": grid} | more


def text(title: str, place: Place, content: str) -> Json:
    return panel("text", title, place, options={"mode": "markdown", "content": content})


def chart(title: str, place: Place, look: str, about: str, query: Json) -> Json:
    """Lines, or bars, over time; `look` is "bars" or "line" and Grafana's name of the unit."""
    style, unit = look.split()
    drawn = {"drawStyle": style, "fillOpacity": 60 if style == "bars" else 0, "showPoints": "auto", "lineWidth": 1}
    shown = {"defaults": {"unit": unit, "min": 0, "custom": drawn}, "overrides": []}
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, place, about, fieldConfig=shown, options=options, **query)


def table(title: str, place: Place, about: str, query: Json) -> Json:
    """Rows in their order; the columns of UNITS with their units."""
    overrides = [
        {"matcher": {"id": "byName", "options": column}, "properties": [{"id": "unit", "value": unit}]}
        for column, unit in UNITS.items()
    ]
    shown = {"defaults": {"custom": {"filterable": True}}, "overrides": overrides}
    return panel("table", title, place, about, fieldConfig=shown, options={"showHeader": True}, **query)


def query_of(source: Json, form: str, raw_sql: str) -> Json:
    """The query of a panel."""
    target = {"refId": "A", "datasource": source, "editorMode": "code", "rawQuery": True, "rawSql": raw_sql}
    return {"datasource": source, "targets": [target | {"format": form}]}


def variables(
    expressions: dict[str, str], kind: str, source: Json, k: int = 3, project: str = "project-names"
) -> list[Json]:
    """The data source, k, and the two filters."""
    # Explicit, since Grafana 10 has no defaults for them.
    usual: Json = {"hide": 0, "regex": "", "options": [], "current": {}, "multi": False, "includeAll": False}

    def filtered(name: str, query: str) -> Json:
        asked = {
            "type": "query",
            "datasource": source,
            "query": sql(expressions, query),
            "definition": sql(expressions, query),
        }
        # '*' goes into the SQL unquoted, also without any value to choose.
        everything = {"multi": True, "includeAll": True, "allValue": "'*'", "refresh": 2, "sort": 0}
        current = {"selected": True, "text": ["All"], "value": ["$__all"]}
        return usual | asked | everything | {"name": name, "label": name.capitalize(), "current": current}

    constant = {"selected": True, "text": str(k), "value": str(k)}
    return [
        usual | {"name": "datasource", "label": "Data source", "type": "datasource", "query": kind, "refresh": 1},
        # Not in the address, so that no link lowers it.
        {"name": "k", "type": "constant", "query": str(k), "current": constant, "hide": 2, "skipUrlSync": True},
        filtered("connection", "connections"),
        filtered("project", project),
    ]


def plugin_panels(expressions: dict[str, str], source: Json) -> list[Json]:
    """The panels for a DevLake with the plugin alone."""

    def over_time(query: str) -> Json:
        return query_of(source, "time_series", sql(expressions, query))

    def rows(query: str) -> Json:
        return query_of(source, "table", sql(expressions, query))

    hours = "Hours of the day in which a run began or ended; an hour on two machines counts twice."
    per_day, per_week = over_time("developers-per-day"), over_time("developers-per-week")
    return [
        text("About this board", (0, 0, 24, 5), INTRODUCTION),
        chart("Developers reporting, per day", (0, 5, 8, 8), "bars short", "Developers with a report.", per_day),
        chart(
            "Developers reporting, per week", (8, 5, 8, 8), "bars short", "Each developer counts once a week.", per_week
        ),
        chart("Active hours per week", (16, 5, 8, 8), "bars h", hours, over_time("active-hours")),
        table("Commands most used", (0, 13, 12, 10), "Runs of each; the first 50.", rows("commands")),
        table("Tools used", (12, 13, 6, 10), "Days with any use.", rows("tools")),
        table("Projects", (18, 13, 6, 10), "Days with any run.", rows("projects")),
    ]


def target_panels(expressions: dict[str, str], source: Json) -> list[Json]:
    """The panels that need the rows per target."""

    def over_time(query: str, **more: str) -> Json:
        return query_of(source, "time_series", sql(expressions, query, **more))

    def rows(query: str) -> Json:
        return query_of(source, "table", sql(expressions, query))

    merged = "Nearest rank in the week's merged histograms, within 9.1 %."
    completed = "Percentiles are those of completed runs, and empty where fewer than ${k} developers have any."
    p50, p90 = (over_time("durations", percent=percent) for percent in ("50", "90"))
    waited, failing = over_time("waited"), over_time("failure-rate")
    return [
        text("What this row needs", (0, 24, 24, 4), NEEDS),
        table("Targets, longest waits first", (0, 28, 24, 12), completed, rows("targets")),
        chart("Waited per week", (0, 40, 12, 9), "bars s", "Without nested runs.", waited),
        chart("Failure rate per week", (12, 40, 12, 9), "line percentunit", "Failed runs of all runs.", failing),
        chart("Median duration per week", (0, 49, 12, 9), "line s", merged, p50),
        chart("90th percentile of durations per week", (12, 49, 12, 9), "line s", merged, p90),
        table("Exit codes and signals", (0, 58, 24, 10), "Results of runs.", rows("exit-codes")),
    ]


def dashboard(expressions: dict[str, str], name: str, kind: str) -> Json:
    """The whole board; `kind` is Grafana's name of the data source."""
    source = {"type": kind, "uid": "${datasource}"}
    above, below = plugin_panels(expressions, source), target_panels(expressions, source)
    row = panel("row", "Per target (needs devtel serve)", (0, 23, 24, 1), collapsed=True, panels=below)
    for number, one in enumerate([*above, row, *below], start=1):
        one["id"] = number
    return {
        "uid": f"devtel-{name}",
        "title": f"Developer telemetry ({'MySQL and MariaDB' if name == 'mysql' else 'PostgreSQL'})",
        "tags": ["devtel", "devlake"],
        "schemaVersion": 38,
        "version": 1,
        "editable": True,
        # Reports have dates: a range that begins at midnight covers the same days on every database.
        "timezone": "utc",
        "weekStart": "monday",
        "time": {"from": "now-90d/d", "to": "now/d"},
        "refresh": "",
        "templating": {"list": variables(expressions, kind, source)},
        "annotations": {"list": []},
        "panels": [*above, row],
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, expressions, kind in (("mysql", MYSQL, "mysql"), ("postgresql", POSTGRESQL, "postgres")):
        written = json.dumps(dashboard(expressions, name, kind), indent=2, ensure_ascii=False)
        (folder / f"devtel-{name}.json").write_text(written + "\n")

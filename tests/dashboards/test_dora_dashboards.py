"""The board beside DORA: every panel's SQL, as Grafana sends it, over DevLake's tables and the plugin's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import grafana
from tests.helpers.dashboard_data import answer
from tests.helpers.databases import Store, database
from tests.helpers.pydevlake import kit

SCRIPT = Path(__file__).parents[2] / "scripts" / "dora_dashboards.py"
FILES = {"mariadb": "devtel-dora-mysql.json", "postgresql": "devtel-dora-postgresql.json"}
PLUGIN = Path(__file__).parents[2] / "plugins" / "devlake" / "devtel"
QUOTED = {"mariadb": "`table`", "postgresql": '"table"'}  # a column of that name
FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 12)
# As DevLake's migrations and the plugin make them, without the columns that no panel reads.
TABLES = (
    "CREATE TABLE _tool_devtel_targetweeks (connection_id BIGINT, week_id VARCHAR(32), project VARCHAR(255),"
    " target VARCHAR(255), week TIMESTAMP NULL, min_developers BIGINT, developers BIGINT, runs BIGINT, failures BIGINT,"
    " interrupted BIGINT, lost BIGINT, waited_seconds FLOAT8, mean_seconds FLOAT8, p50_seconds FLOAT8,"
    " p90_seconds FLOAT8)",
    "CREATE TABLE _tool_devtel_projects (connection_id BIGINT, id VARCHAR(255), project VARCHAR(255))",
    "CREATE TABLE project_mapping (project_name VARCHAR(255), {table} VARCHAR(255), row_id VARCHAR(255))",
    "CREATE TABLE cicd_deployment_commits (id VARCHAR(255), cicd_scope_id VARCHAR(255),"
    " cicd_deployment_id VARCHAR(255), result VARCHAR(100), environment VARCHAR(255), finished_date TIMESTAMP NULL)",
    "CREATE TABLE project_pr_metrics (id VARCHAR(255), project_name VARCHAR(100), pr_cycle_time BIGINT,"
    " pr_merged_date TIMESTAMP NULL)",
)


@dataclass(frozen=True)
class Lake:
    """A database with DevLake's tables."""

    kind: str
    store: Store

    def insert(self, table: str, **values: object) -> None:
        """One row; `table_` stands for the column that is called table."""
        names = [QUOTED[self.kind] if name == "table_" else name for name in values]
        marks = [f":{name}" for name in values]
        self.store.change(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks)})", **values)  # noqa: S608  names of this file

    def week(self, target: str, week: date, runs: int, failures: int, hours: float, *, connection: int = 1) -> None:
        """One row of the plugin."""
        self.insert(
            "_tool_devtel_targetweeks",
            connection_id=connection, week_id=f"{target}{week}{connection}", project="shop", target=target,
            week=datetime.combine(week, datetime.min.time()), min_developers=3, developers=3, runs=runs,
            failures=failures, interrupted=0, lost=0, waited_seconds=hours * 3600, mean_seconds=2.0, p50_seconds=2.0,
            p90_seconds=4.0,
        )  # fmt: skip

    def ask(self, title: str, *projects: str) -> list[dict[str, Any]]:
        """The rows of a panel."""
        chosen = {"project": list(projects)} if projects else None
        return answer(self.store.url, grafana.sql(board(self.kind), grafana.query(board(self.kind), title), chosen))

    def trend(self, title: str, *projects: str) -> dict[tuple[str, str], float]:
        """(week, series) -> value."""
        rows = self.ask(title, *projects)
        (value,) = {name for row in rows for name in row} - {"time", "metric"} if rows else ("",)
        return {
            (date.fromtimestamp(float(row["time"])).isoformat(), row["metric"]): float(row[value])  # noqa: DTZ012
            for row in rows
        }


def board(kind: str) -> grafana.Json:
    """The board for a kind of database."""
    loaded: grafana.Json = json.loads((grafana.FOLDER / FILES[kind]).read_text())
    return loaded


@pytest.fixture(params=FILES)
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A DevLake in which the plugin's project `shop` belongs to DevLake's project `Shop`."""
    with database(request.param, tmp_path_factory) as url:
        lake = Lake(request.param, Store(url))
        for statement in TABLES:
            typed = statement.replace("FLOAT8", "DOUBLE") if request.param == "mariadb" else statement
            lake.store.change(typed.replace("{table}", QUOTED[request.param]))
        for connection in (1, 2):
            scope = f"devtel:Project:{connection}:project:shop"
            lake.insert("_tool_devtel_projects", connection_id=connection, id="project:shop", project="shop")
            name = "Shop" if connection == 1 else "Other"
            lake.insert("project_mapping", project_name=name, table_="cicd_scopes", row_id=scope)
        yield lake


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def test_the_files_are_as_their_definition_makes_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True)
    for name in FILES.values():
        assert (grafana.FOLDER / name).read_text() == (tmp_path / name).read_text(), "run scripts/dora_dashboards.py"


@pytest.mark.parametrize("kind", FILES)
def test_the_variables_that_are_used_are_defined_and_the_other_way_round(kind: str) -> None:
    defined = {variable["name"] for variable in board(kind)["templating"]["list"]}
    assert {name for name, _ in grafana.references(json.dumps(board(kind)))} == defined == {"datasource", "project"}


def test_waiting_and_failures_are_those_of_the_project(lake: Lake) -> None:
    lake.week("test", FIRST, 100, 10, 3.0)
    lake.week("lint", FIRST, 100, 30, 1.0)
    lake.week("test", SECOND, 50, 0, 2.0)
    lake.week("test", FIRST, 10, 10, 7.0, connection=2)
    assert lake.trend("Waited per week", "Shop") == {("2026-01-05", "Shop"): 4.0, ("2026-01-12", "Shop"): 2.0}
    assert lake.trend("Failure rate per week", "Shop") == {("2026-01-05", "Shop"): 0.2, ("2026-01-12", "Shop"): 0.0}
    assert lake.trend("Waited per week")["2026-01-05", "Other"] == 7.0


def test_targets_are_listed_by_waiting_with_their_percentiles(lake: Lake) -> None:
    lake.week("lint", FIRST, 10, 1, 1.0)
    lake.week("test", FIRST, 10, 5, 3.0)
    lake.week("", FIRST, 4, 0, 0.5)
    rows = lake.ask("Targets, most waiting first", "Shop")
    assert [row["target"] for row in rows] == ["shop / test", "shop / lint", "shop / "]
    assert [float(row["p90"]) for row in rows] == [4.0, 4.0, 4.0]
    assert set(lake.trend("Median duration per week", "Shop").values()) == {2.0}
    assert {series for _, series in lake.trend("90th percentile of durations per week")} == {
        "shop / test",
        "shop / lint",
    }


def test_deployments_count_once_and_only_to_production(lake: Lake) -> None:
    for number, (deployment, result, environment) in enumerate(
        [
            ("d1", "SUCCESS", "PRODUCTION"),
            ("d1", "SUCCESS", "PRODUCTION"),
            ("d2", "FAILURE", "PRODUCTION"),
            ("d3", "SUCCESS", "TESTING"),
            ("d4", "SUCCESS", "PRODUCTION"),
        ]
    ):
        lake.insert(
            "cicd_deployment_commits", id=str(number), cicd_scope_id="github:repo:1", cicd_deployment_id=deployment,
            result=result, environment=environment, finished_date=datetime.fromisoformat("2026-01-07 12:00"),
        )  # fmt: skip
    lake.insert("project_mapping", project_name="Shop", table_="cicd_scopes", row_id="github:repo:1")
    assert lake.trend("Deployments per week") == {("2026-01-05", "Shop"): 2.0}


def test_the_lead_time_is_the_median_in_hours(lake: Lake) -> None:
    for number, minutes in enumerate((60, 120, 6000)):
        lake.insert(
            "project_pr_metrics", id=str(number), project_name="Shop", pr_cycle_time=minutes,
            pr_merged_date=datetime.fromisoformat("2026-01-06 08:00"),
        )  # fmt: skip
    assert lake.trend("Lead time per week") == {("2026-01-05", "Shop"): 2.0}


def test_only_projects_with_figures_can_be_chosen(lake: Lake) -> None:
    lake.insert("project_mapping", project_name="Web", table_="cicd_scopes", row_id="github:repo:2")
    (variable,) = [one for one in board(lake.kind)["templating"]["list"] if one["name"] == "project"]
    rows = answer(lake.store.url, grafana.sql(board(lake.kind), variable["query"]))
    assert [row["__value"] for row in rows] == ["Other", "Shop"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", FILES)
def test_the_board_reads_the_rows_that_the_plugin_wrote(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, python = kit()
    with database(kind, tmp_path_factory) as url:
        environ = {
            **os.environ,
            "PYTHONPATH": f".:tests:{folder}",
            "DEVTEL_PLUGIN_DB_URL": url.replace("+psycopg", "").replace("mariadb+", "mysql+"),
        }
        subprocess.run(
            [python, "-m", "fill", str(tmp_path_factory.mktemp("fill"))], cwd=PLUGIN, env=environ, check=True
        )
        lake = Lake(kind, Store(url))
        columns = f"project_name VARCHAR(255), {QUOTED[kind]} VARCHAR(255), row_id VARCHAR(255)"
        lake.store.change(f"CREATE TABLE project_mapping ({columns})")
        lake.insert(
            "project_mapping", project_name="Shop", table_="cicd_scopes", row_id="devtel:Project:1:project:shop"
        )
        recorded = json.loads((PLUGIN / "tests" / "answers.json").read_text())["team-metrics"]["rows"]
        hours = sum(row["waited_seconds"] for row in recorded if row["project"] == "shop") / 3600
        assert sum(lake.trend("Waited per week").values()) == pytest.approx(hours)
        assert len(lake.ask("Targets, most waiting first")) == len(
            {row["target"] for row in recorded if row["project"] == "shop"}
        )

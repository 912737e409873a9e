"""The answers in the DevLake plugin's tests are those of this server. `RECORD=1` writes them anew."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devtelemetry_cli.server.db import reports
from devtelemetry_cli.server.db.database import open_database
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.team import publishing
from tests.helpers.report_server import TODAY, ReportServer, revised, start_server
from tests.helpers.team_factory import KEY, Team

ANSWERS = Path(__file__).parents[2] / "plugins" / "devlake" / "devtel" / "tests" / "answers.json"
WEEKS = (date(2026, 1, 5), date(2026, 1, 12))
PATHS = {"projects": "/devtel/v1/projects", "team-metrics": "/devtel/v1/team-metrics"}


def target(project: str, name: str, developer: int) -> dict[str, Any]:
    """A target's day: four runs of some seconds, one of them failed."""
    return {
        "project": project, "target": name, "runs": 4, "failures": 1, "interrupted": 0, "lost": 0,
        "waited_seconds": 20.5 + developer, "duration_total": 20.5 + developer, "duration_max": 9.0,
        "durations": {"8": 3, "12": 1}, "exit_codes": {"0": 3, "2": 1},
        "checkouts": [{"branch": "default", "age_days": "0", "runs": 4, "failures": 1}],
    }  # fmt: skip


def store(team: Team, developer: int, day: date, *targets: dict[str, Any]) -> None:
    """Store the report of a developer's day."""
    wire = {"date": day.isoformat(), "developer": f"{developer:032x}.host", "metrics": revised(1, targets=targets)}
    report = read_report(json.dumps(wire).encode(), day)
    team.database.write(lambda db: reports.store(db, KEY, {0: (team.connection, report)}))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    """Two connections with `shop` at both, `web` and reports without a project at the first."""
    url = f"sqlite:///{tmp_path_factory.mktemp('recorded')}/reports.db"
    opened = open_database(url)
    one, two = Team(opened, name="one"), Team(opened, name="two")
    for day in WEEKS:
        for developer in range(3):
            targets = [target("shop", "test", developer), target("shop", "lint", developer)]
            store(one, developer, day, *targets, target("web", "build", developer), target("", "all", developer))
            store(two, developer + 10, day, target("shop", "test", developer))
    publishing.publish(opened, 3, TODAY, everything=True, stopped=lambda: False)
    opened.close()
    with start_server(tmp_path_factory.mktemp("home"), "--retention-days", 0, database=url) as server:
        yield server


def test_the_plugins_recorded_answers_are_the_servers(served: ReportServer) -> None:
    answers = {name: served.client.get(path).raise_for_status().json() for name, path in PATHS.items()}
    if os.environ.get("RECORD"):
        ANSWERS.write_text(json.dumps(answers, indent=1) + "\n")
    assert json.loads(ANSWERS.read_text()) == answers


def test_an_unknown_project_is_404_as_the_plugin_expects(served: ReportServer) -> None:
    answer = served.client.get(PATHS["team-metrics"], params={"project": "nowhere", "page": 1, "pageSize": 1000})
    assert answer.status_code == 404

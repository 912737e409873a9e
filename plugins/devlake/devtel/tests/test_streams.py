"""Collect, extract and convert as DevLake runs them."""

import json
from datetime import datetime

import pytest
from pydevlake.domain_layer.devops import CICDPipeline

from devtel.models import TargetWeek
from harness import ANSWERS, Lake, Server


def test_the_recorded_figures_arrive_in_the_table_unchanged(lake: Lake) -> None:
    lake.run()
    recorded = [row for row in ANSWERS["team-metrics"]["rows"] if row["project"] == "shop"]
    stored = lake.rows(TargetWeek)
    assert len(stored) == len({(row["week"], row["target"]) for row in recorded}) > 0
    assert sum(row.runs for row in stored) == sum(row["runs"] for row in recorded)
    assert sum(row.failures for row in stored) == sum(row["failures"] for row in recorded)
    assert {row.min_developers for row in stored} == {ANSWERS["team-metrics"]["minDevelopers"]}
    assert {row.week.date().isoformat() for row in stored} == {row["week"] for row in recorded}


def test_zero_and_missing_percentiles_are_kept(lake: Lake, server: Server) -> None:
    row = {**ANSWERS["team-metrics"]["rows"][0], "project": "shop", "waited_seconds": 0.0, "failures": 0}
    server.rows = [{**row, "p50_seconds": None, "p90_seconds": None}]
    lake.run()
    (week,) = lake.rows(TargetWeek)
    assert (week.failures, week.waited_seconds, week.p50_seconds) == (0, 0.0, None)
    assert json.loads(week.durations) == row["durations"]


def test_weeks_that_the_server_withdrew_are_deleted(lake: Lake, server: Server) -> None:
    lake.run()
    server.rows = [row for row in server.rows if row["project"] != "shop"] + [
        {**ANSWERS["team-metrics"]["rows"][0], "project": "shop", "week": "2020-01-06"}
    ]
    lake.run()
    assert [row.week for row in lake.rows(TargetWeek)] == [datetime(2020, 1, 6)]


def test_no_pipeline_is_ever_made(lake: Lake) -> None:
    lake.run()
    assert lake.rows(CICDPipeline) == []


def test_an_unknown_project_fails_and_keeps_the_rows(lake: Lake, server: Server) -> None:
    lake.run()
    before = len(lake.rows(TargetWeek))
    server.rows = [row for row in server.rows if row["project"] != "shop"]
    failed = lake.step("collect")
    assert failed.returncode != 0
    assert "404" in failed.stderr
    assert len(lake.rows(TargetWeek)) == before


def test_a_wrong_token_fails_the_step_and_keeps_the_rows(lake: Lake) -> None:
    lake.run()
    before = len(lake.rows(TargetWeek))
    failed = lake.step("collect", token="another-token-of-16")
    assert failed.returncode != 0
    assert "403" in failed.stderr
    assert len(lake.rows(TargetWeek)) == before


def test_a_dead_server_fails_the_step(lake: Lake, server: Server) -> None:
    lake.run()
    server.shutdown()
    server.server_close()
    assert lake.step("collect").returncode != 0
    assert lake.rows(TargetWeek)


def test_a_busy_server_is_asked_again(lake: Lake, server: Server) -> None:
    server.status = [429, 503]
    done = lake.step("collect")
    assert done.returncode == 0, done.stderr[-400:]
    assert len(server.asked) == 3


def test_ten_thousand_rows_come_page_by_page(lake: Lake, server: Server) -> None:
    row = ANSWERS["team-metrics"]["rows"][0]
    server.rows = [{**row, "project": "shop", "target": f"t{number}"} for number in range(10_000)]
    assert lake.step("collect").returncode == 0
    assert lake.answers[-1]["current"] == 10_000
    assert len(server.asked) == 11  # the last page is full, so one more is asked for


def test_another_minimum_of_developers_is_stored_with_each_row(lake: Lake, server: Server) -> None:
    server.min_developers = 7
    lake.run()
    assert {row.min_developers for row in lake.rows(TargetWeek)} == {7}


def test_a_week_is_its_monday_in_every_time_zone(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")  # inherited by the plugin's processes
    lake.run()
    assert {row.week.date().isoformat() for row in lake.rows(TargetWeek)} == {"2026-01-05", "2026-01-12"}

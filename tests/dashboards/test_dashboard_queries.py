"""Every panel's SQL, as Grafana sends it, against what the raw runs say."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import pytest

from tests.helpers import grafana, made_up_runs
from tests.helpers.dashboard_data import CONNECTION_NAMES, FilledDatabase, answer
from tests.helpers.made_up_runs import BEGIN, END, NASTY, NASTY_PROJECT, Day, Row, Run

IN_DAYS: Mapping[str, Callable[[Sequence[Day]], list[Row]]] = {
    "Developers reporting, per day": lambda days: made_up_runs.reporting(days, made_up_runs.moment),
    "Developers reporting, per week": lambda days: made_up_runs.reporting(days, made_up_runs.monday),
    "Active hours per week": made_up_runs.active_hours,
    "Commands most used": made_up_runs.commands,
    "Tools used": lambda days: made_up_runs.named(days, "tool", lambda day: day.tools),
    "Projects": lambda days: made_up_runs.named(days, "project", lambda day: day.projects),
}
IN_RUNS: Mapping[str, Callable[[Sequence[Run]], list[Row]]] = {
    "Targets, longest waits first": made_up_runs.targets,
    "Waited per week": lambda runs: made_up_runs.trend(runs, "waited_seconds", made_up_runs.waited),
    "Failure rate per week": lambda runs: made_up_runs.trend(runs, "failure_rate", made_up_runs.failure_rate),
    "Median duration per week": lambda runs: made_up_runs.trend(runs, "seconds", made_up_runs.percentile(50)),
    "90th percentile of durations per week": lambda runs: made_up_runs.trend(
        runs, "seconds", made_up_runs.percentile(90)
    ),
    "Exit codes and signals": made_up_runs.exit_codes,
}


@cache
def all_runs() -> list[Run]:
    return [run for run in made_up_runs.runs() if BEGIN <= run.day <= END]


def all_days() -> list[Day]:
    return [*made_up_runs.days(all_runs()), *made_up_runs.other_senders()]


def panel_rows(stored: FilledDatabase, title: str, chosen: grafana.Chosen | None = None) -> list[Row]:
    board = grafana.board(stored.kind)
    return answer(stored.url, grafana.sql(board, grafana.query(board, title), chosen))


def options(stored: FilledDatabase, name: str) -> dict[str, str]:
    """A viewer's choices, and their values."""
    board = grafana.board(stored.kind)
    (variable,) = [one for one in board["templating"]["list"] if one["name"] == name]
    return {row["__text"]: row["__value"] for row in answer(stored.url, grafana.sql(board, variable["query"]))}


def assert_same_rows(rows: list[Row], expected: list[Row]) -> None:
    """The rows, in whatever order; numbers but for the last digits."""
    assert expected, "a panel without rows proves nothing"
    assert sorted(map(_words, rows)) == sorted(map(_words, expected))
    wanted = {_words(row): row for row in expected}
    for row in rows:
        assert _numbers(row) == pytest.approx(_numbers(wanted[_words(row)]), rel=1e-9)


def _words(row: Row) -> tuple[Any, ...]:
    """The names of a row."""
    return tuple(value for name, value in sorted(row.items()) if isinstance(value, str) or name == "time")


def _numbers(row: Row) -> Row:
    """The numbers of a row; an impossible number for none."""
    return {name: -1 if value is None else value for name, value in row.items() if not isinstance(value, str)}


@pytest.mark.parametrize("title", IN_DAYS)
def test_a_panel_on_the_plugins_tables_agrees_with_the_raw_runs(stored: FilledDatabase, title: str) -> None:
    assert_same_rows(panel_rows(stored, title), IN_DAYS[title](all_days()))


@pytest.mark.parametrize("title", IN_RUNS)
def test_a_panel_per_target_agrees_with_the_raw_runs(stored: FilledDatabase, title: str) -> None:
    assert_same_rows(panel_rows(stored, title), IN_RUNS[title](all_runs()))


@pytest.mark.parametrize("title", [*IN_DAYS, *IN_RUNS])
@pytest.mark.parametrize("number", [0, 1])
def test_a_connection_narrows_every_panel(stored: FilledDatabase, title: str, number: int) -> None:
    rows = panel_rows(stored, title, {"connection": [stored.connections[number]]})
    if title in IN_DAYS:
        assert_same_rows(rows, IN_DAYS[title]([day for day in all_days() if day.connection == number]))
    else:
        assert_same_rows(rows, IN_RUNS[title]([run for run in all_runs() if run.connection == number]))


@pytest.mark.parametrize("title", ["Projects", *IN_RUNS])
@pytest.mark.parametrize("names", [["api"], ["web", "many"], [NASTY_PROJECT]], ids=["one", "two", "nasty"])
def test_a_project_narrows_what_belongs_to_projects(stored: FilledDatabase, title: str, names: list[str]) -> None:
    rows = panel_rows(stored, title, {"project": [options(stored, "project")[name] for name in names]})
    if title == "Projects":
        days = made_up_runs.named(all_days(), "project", lambda day: day.projects)
        assert_same_rows(rows, [row for row in days if row["project"] in names])
    else:
        assert_same_rows(rows, IN_RUNS[title]([run for run in all_runs() if run.project in names]))


def test_a_viewer_chooses_between_connections_and_projects_that_enough_people_have(stored: FilledDatabase) -> None:
    assert options(stored, "connection") == dict(zip(CONNECTION_NAMES, stored.connections, strict=True))
    assert set(options(stored, "project")) == {"api", "web", "many", NASTY_PROJECT}


def test_the_value_of_a_project_cannot_leave_its_quotes(stored: FilledDatabase) -> None:
    value = options(stored, "project")[NASTY_PROJECT]
    assert value == sha256(NASTY_PROJECT.encode()).hexdigest()


@pytest.mark.parametrize("chosen", [{"project": ["nobody"]}, {"connection": ["' OR 1=1 --"]}], ids=str)
@pytest.mark.parametrize("title", IN_RUNS)
def test_a_choice_that_is_none_shows_nothing(stored: FilledDatabase, title: str, chosen: grafana.Chosen) -> None:
    assert panel_rows(stored, title, chosen) == []


def test_a_name_with_markup_quotes_and_backslashes_is_shown_as_it_is(stored: FilledDatabase) -> None:
    assert NASTY in {row["target"] for row in panel_rows(stored, "Targets, longest waits first")}
    assert {NASTY, f"make {NASTY}"} <= {row["command"] for row in panel_rows(stored, "Commands most used")}
    assert NASTY in {row["tool"] for row in panel_rows(stored, "Tools used")}
    assert f"{NASTY_PROJECT} / {NASTY}" in {row["metric"] for row in panel_rows(stored, "Waited per week")}


def test_what_fewer_than_three_developers_did_is_shown_nowhere(stored: FilledDatabase) -> None:
    everything = [row for title in (*IN_DAYS, *IN_RUNS) for row in panel_rows(stored, title)]
    texts = {value for row in everything for value in row.values() if isinstance(value, str)}
    assert not [text for text in texts if "secret" in text or "solo" in text]
    assert {row["time"] for row in everything if "time" in row} <= {
        made_up_runs.moment(day.day) for day in all_days() if day.day <= END.replace(day=8)
    }
    assert min(row["developers"] for row in everything if "developers" in row) >= 3


def test_a_target_that_enough_people_ran_but_few_let_end_has_no_percentiles(stored: FilledDatabase) -> None:
    (row,) = [row for row in panel_rows(stored, "Targets, longest waits first") if row["target"] == "watch"]
    assert (row["developers"], row["p50"], row["p90"]) == (4, None, None)
    timed = {row["metric"] for row in panel_rows(stored, "Median duration per week")}
    assert "web / watch" in {row["metric"] for row in panel_rows(stored, "Waited per week")} - timed


def test_what_is_on_top_stands_first(stored: FilledDatabase) -> None:
    waited = [row["waited_seconds"] for row in panel_rows(stored, "Targets, longest waits first")]
    used = [row["runs"] for row in panel_rows(stored, "Commands most used")]
    assert (waited, used) == (sorted(waited, reverse=True), sorted(used, reverse=True))


def test_a_trend_runs_forward_in_time(stored: FilledDatabase) -> None:
    for title in (*IN_DAYS, *IN_RUNS):
        times = [row["time"] for row in panel_rows(stored, title) if "time" in row]
        assert times == sorted(times)

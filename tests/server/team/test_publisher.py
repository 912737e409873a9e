"""The thread that publishes: it survives errors of the database and of rows, and ends on request."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from devtelemetry_cli.server.db.locks import held
from devtelemetry_cli.server.team import publisher
from devtelemetry_cli.server.team.publisher import Publisher
from tests.helpers.databases import Store
from tests.helpers.report_server import TODAY, locked, wait_for
from tests.helpers.team_factory import MONDAY, Runs, Team


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    monkeypatch.setattr(publisher, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(publisher, "PAUSE_SECONDS", 0.1)
    team = Team.at(f"sqlite:///{tmp_path}/reports.db?timeout=0.1")
    yield team
    team.database.close()


@contextmanager
def publishing(team: Team, said: list[str]) -> Iterator[Publisher]:
    with Publisher(team.database, team.k, said.append) as running:
        yield running


def test_what_is_reported_is_shown_soon(team: Team) -> None:
    with publishing(team, []) as running:
        team.report(*(Runs(i, day=_today()) for i in range(3)))
        running.notify()
        wait_for(team.cells)


def test_while_another_program_writes_the_publisher_waits_and_logs_it(team: Team, tmp_path: Path) -> None:
    said: list[str] = []
    team.report(*(Runs(i) for i in range(3)))
    with locked(tmp_path / "reports.db"), publishing(team, said):
        wait_for(lambda: said)
        assert "not up to date yet: OperationalError" in said[0]
    with publishing(team, said):
        wait_for(team.cells)


def test_news_is_not_forgotten_when_the_database_was_away(team: Team, tmp_path: Path) -> None:
    said: list[str] = []
    with publishing(team, said) as running:
        time.sleep(0.3)  # the first round, over every week, is done
        team.report(*(Runs(i, day=_today()) for i in range(3)))
        with locked(tmp_path / "reports.db"):
            running.notify()
            wait_for(lambda: said)
        wait_for(team.cells)


def test_an_odd_row_is_named_and_the_thread_goes_on(team: Team) -> None:
    said: list[str] = []
    team.report(*(Runs(i) for i in range(3)))
    Store(team.url).change("UPDATE devtel_target_metrics SET durations = 'odd'")
    with publishing(team, said) as running:
        wait_for(lambda: said)
        assert "DecodeError" in said[0]
        team.report(*(Runs(i, day=_today(), target="build") for i in range(3)))
        running.notify()
        wait_for(team.cells)


# On SQLite a transaction that writes is the lock.
@pytest.mark.parametrize("url", ["postgresql", "mariadb"], indirect=True)
def test_while_another_process_publishes_news_waits_for_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "PAUSE_SECONDS", 0.1)
    team, other = Team.at(url), create_engine(url)
    team.report(*(Runs(i) for i in range(3)))
    with ExitStack() as publishing:
        with other.connect() as db, held(db, "team", wait=False):
            publishing.enter_context(Publisher(team.database, 3, print))
            time.sleep(1)
            assert team.cells() == []
        wait_for(team.cells)
    team.database.close()
    other.dispose()


def _today() -> int:
    return (TODAY - MONDAY).days

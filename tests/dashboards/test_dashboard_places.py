"""Where a board is used: a DevLake that has only the plugin, and a database user that may read and nothing else."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from tests.helpers import grafana
from tests.helpers.dashboard_data import FilledDatabase, answer
from tests.helpers.databases import Store
from tests.helpers.grafana import Json

GRANTS = Path(__file__).parents[2] / "examples/operate"
FORBIDDEN = [
    "SELECT secret_token FROM _tool_developer_telemetry_connections",
    "SELECT email FROM _tool_developer_metrics",
    "SELECT hostname FROM _tool_developer_metrics",
    "SELECT value FROM devtel_secrets",
    "DELETE FROM _tool_developer_metrics",
    "UPDATE devtel_target_metrics SET runs = 0",
]
_numbers = itertools.count()


def queries(board: Json, panels: list[Json]) -> list[str]:
    """The queries of those panels."""
    return [grafana.sql(board, target["rawSql"]) for panel in panels for target in panel.get("targets", [])]


def choices(board: Json) -> list[str]:
    """The queries of the variables."""
    return [grafana.sql(board, one["query"]) for one in board["templating"]["list"] if one["type"] == "query"]


def rows(url: str, sql: str) -> list[Json]:
    """The rows, without the digits that depend on the order in which numbers are added."""
    found = answer(url, sql)
    return [{name: round(value, 6) if isinstance(value, float) else value for name, value in r.items()} for r in found]


@contextmanager
def without_our_table(store: Store) -> Iterator[None]:
    """For a while the database has no rows per target, as DevLake's has none."""
    store.change("ALTER TABLE devtel_target_metrics RENAME TO put_aside")
    try:
        yield
    finally:
        store.change("ALTER TABLE put_aside RENAME TO devtel_target_metrics")


def test_a_devlake_with_the_plugin_alone_answers_all_but_the_closed_row(stored: FilledDatabase) -> None:
    board = grafana.board(stored.kind)
    above, below = board["panels"], board["panels"][-1]["panels"]
    before = [rows(stored.url, sql) for sql in queries(board, above) + choices(board)]
    with without_our_table(Store(stored.url)):
        assert [rows(stored.url, sql) for sql in queries(board, above) + choices(board)] == before
        for sql in queries(board, below):
            with pytest.raises(Exception, match="devtel_target_metrics"):
                answer(stored.url, sql)


@pytest.fixture
def reader(stored: FilledDatabase) -> Iterator[str]:
    """The address of the database for the user that the example's grants make."""
    url = make_url(stored.url)
    name = f"grafana_{os.getpid()}_{next(_numbers)}"
    kind = "mysql" if stored.kind == "mariadb" else "postgresql"
    grants = (GRANTS / f"grafana-reader-{kind}.sql").read_text().replace("grafana_reader", name)
    admin = create_engine(stored.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as server:
        for statement in grants.replace("lake.", f"{url.database}.").strip().rstrip(";").split(";"):
            server.exec_driver_sql(statement.replace("%", "%%"))
        yield url.set(username=name, password="PASSWORD").render_as_string(hide_password=False)
        if stored.kind == "mariadb":
            server.exec_driver_sql(f"DROP USER {name}")
        else:
            server.exec_driver_sql(f"DROP OWNED BY {name}")
            server.exec_driver_sql(f"DROP USER {name}")


def test_the_user_of_the_example_reads_every_panel_and_nothing_else(stored: FilledDatabase, reader: str) -> None:
    board = grafana.board(stored.kind)
    for sql in queries(board, list(grafana.panels(board))) + choices(board):
        assert rows(reader, sql) == rows(stored.url, sql)
    for sql in FORBIDDEN:
        with pytest.raises(DBAPIError, match="denied"):
            Store(reader).change(sql)

"""Versions of the tables: upgrades from any earlier one, by any number of processes, and never from a newer one."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from devtelemetry_cli.server.db.database import migrate
from devtelemetry_cli.server.db.migrate import HEAD, MIGRATIONS, VERSION_TABLE
from devtelemetry_cli.server.db.tables import metadata
from tests.helpers.databases import Store
from tests.helpers.report_server import body, command, environment, run, start_server

CONNECTION = "/plugins/developer_telemetry/connections/1"


def differences(url: str) -> list[Any]:
    """The changes that alembic would still make."""
    with create_engine(url, poolclass=NullPool).connect() as db:
        options = {"version_table": VERSION_TABLE}
        return list(compare_metadata(MigrationContext.configure(db, opts=options), metadata))


def make_first_version(url: str) -> None:
    """The tables of the first migration alone, which made what devtel made before there were any."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(url, poolclass=NullPool).begin() as db:
        config.attributes.update(connection=db, table=VERSION_TABLE)
        upgrade(config, "0001")


def test_the_last_migration_is_the_version_that_the_code_asks_for() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [HEAD]


def test_migrations_make_the_tables_that_the_code_uses(empty_url: str) -> None:
    assert migrate(empty_url) is True
    assert differences(empty_url) == []
    assert migrate(empty_url) is False


@pytest.mark.slow
def test_several_processes_migrate_one_database_at_once(tmp_path: Path, empty_url: str) -> None:
    words = command("--migrate-only", "--database", empty_url)
    started = [
        subprocess.Popen(words, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=30) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], ended
    assert sorted(out.split()[2] for out, _ in ended) == ["is", "is", "was"]
    assert differences(empty_url) == []


def test_a_database_that_a_newer_devtel_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/reports.db"
    migrate(url)
    store = Store(url)
    store.change("UPDATE devtel_schema SET version_num = '9999'")
    ended = run(tmp_path, "--port", 0, "--database", url)
    assert ended.returncode == 78
    assert "version 9999" in ended.stderr
    assert "update this one" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.slow
def test_tables_from_before_there_were_migrations_are_taken_over_with_their_rows(
    tmp_path: Path, empty_url: str
) -> None:
    make_first_version(empty_url)
    store = Store(empty_url)
    store.change(f"DROP TABLE {VERSION_TABLE}")
    store.change(
        "INSERT INTO _tool_developer_telemetry_connections (name, endpoint, secret_token, proxy, rate_limit_per_hour,"
        " created_at, updated_at) VALUES ('old', 'e', '', '', 0, '2026-01-02 00:00:00', '2026-01-02 00:00:00')"
    )
    with start_server(tmp_path, database=empty_url) as running:
        assert running.client.post(f"{CONNECTION}/report", json=body()).status_code == 200
    assert differences(empty_url) == []


@pytest.mark.parametrize("address", ["postgresql://u:s3cret@127.0.0.1:1/x", "mariadb://u:s3cret@127.0.0.1:1/x"])
def test_a_server_that_is_not_there_is_one_sentence_without_the_password(tmp_path: Path, address: str) -> None:
    ended = run(tmp_path, "--migrate-only", "--database", f"{address}?password=s3cret")
    assert ended.returncode == 69
    assert "cannot be used" in ended.stderr
    assert "s3cret" not in ended.stderr

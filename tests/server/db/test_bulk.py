"""The statements of every report, on each kind of database: the same rows as by SQLAlchemy."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from devtelemetry_cli.server.db.bulk import delete_rows, find_rows, insert_text, upsert, upsert_text, write_rows
from devtelemetry_cli.server.db.database import Database, open_database
from devtelemetry_cli.server.db.engine import make_engine, parse
from devtelemetry_cli.server.db.reports import STORED_REVISIONS
from devtelemetry_cli.server.db.tables import DAY_KEY, daily_metrics, reports

KEY, REPORTED = tuple(daily_metrics.primary_key.columns), tuple(reports.primary_key.columns)
NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC).replace(tzinfo=None)  # no fraction: some write it otherwise
ODD = "100 %s %(name)s 'it''s' \"q\" \\ \x01 \n ÿ 🙂 :date ? {} $1"


@pytest.fixture
def db(url: str) -> Iterator[Connection]:
    opened: Database = open_database(url)
    engine = make_engine(parse(url))
    with engine.execution_options(writes=True).begin() as connection:
        yield connection
    engine.dispose()
    opened.close()


def row(developer: str, day: str = "2026-01-02", **more: object) -> dict[str, Any]:
    texts = dict.fromkeys(("email", "name", "hostname", "tools_used", "project_context", "command_counts"), "t")
    now = NOON.isoformat(" ", "microseconds")
    times = {"os_info": "", "created_at": now, "updated_at": now}
    return {"connection_id": 1, "developer_id": developer, "date": day, "active_hours": 1} | texts | times | more


def reported(developer: str, revision: int | None) -> dict[str, Any]:
    """The row of our own part of a report."""
    texts = dict.fromkeys(("os", "architecture", "make", "devtel", "anonymous_id"), "t")
    numbers = {"schema": 1, "revision": revision, "cores": 8, "memory_gib": 16}
    key = {"connection_id": 1, "developer_id": developer, "date": "2026-01-02"}
    return key | texts | numbers | {"received_at": NOON.isoformat(" ", "microseconds")}


def revisions(found: dict[Any, Any]) -> list[int]:
    """The revisions of the rows, in the order of their keys."""
    return [found[key].revision for key in sorted(found)]


def typed(one: dict[str, Any]) -> dict[str, Any]:
    """The same row with the values that SQLAlchemy's types take."""
    times = {name: datetime.fromisoformat(one[name]) for name in ("created_at", "updated_at")}
    return one | times | {"date": date.fromisoformat(one["date"])}


def stored(db: Connection, *columns: str) -> list[tuple[Any, ...]]:
    found = select(*(daily_metrics.c[name] for name in columns or daily_metrics.c.keys()))
    return [tuple(one) for one in db.execute(found.order_by(daily_metrics.c.developer_id))]


def test_rows_are_stored_as_by_sqlalchemy(db: Connection) -> None:
    rows = [row("a"), row("b", email=ODD, active_hours=2**63 - 1, tools_used=ODD * 50), row("c", name="")]
    write_rows(db, daily_metrics, rows, replace=False)
    ours, bare = stored(db), db.exec_driver_sql("SELECT * FROM _tool_developer_metrics ORDER BY developer_id").all()
    db.execute(daily_metrics.delete())
    db.execute(insert(daily_metrics), [typed(one) for one in rows])
    assert stored(db) == ours
    assert db.exec_driver_sql("SELECT * FROM _tool_developer_metrics ORDER BY developer_id").all() == bare


def test_an_old_row_is_replaced_but_for_its_creation(db: Connection) -> None:
    write_rows(db, daily_metrics, [row("a"), row("b")], replace=True)
    later = "2026-01-03 08:00:00.000001"
    write_rows(db, daily_metrics, [row("b", email="x", created_at=later, updated_at=later), row("c")], replace=True)
    at = datetime.fromisoformat(later)
    got = stored(db, "developer_id", "email", "created_at", "updated_at")
    assert got == [("a", "t", NOON, NOON), ("b", "x", NOON, at), ("c", "t", NOON, NOON)]


@pytest.mark.parametrize(
    ("kind", "clause"),
    [
        ("sqlite", "ON CONFLICT (connection_id, developer_id, date) DO UPDATE SET email = excluded.email"),
        ("postgresql", "ON CONFLICT (connection_id, developer_id, date) DO UPDATE SET email = excluded.email"),
        ("mysql", "ON DUPLICATE KEY UPDATE email = VALUES(email)"),
    ],
)
def test_days_are_written_by_one_statement_in_every_dialect(kind: str, clause: str) -> None:
    for sql in (insert_text(kind, daily_metrics, replace=True, count=2), upsert_text(kind, daily_metrics)):
        assert clause in " ".join(sql.split())
        assert "created_at = " not in sql


def test_an_upsert_in_sqlalchemys_way_does_the_same(db: Connection) -> None:
    upsert(db, daily_metrics, [typed(row("a")), typed(row("b"))])
    upsert(db, daily_metrics, [typed(row("b", email="x", created_at="2026-01-03 08:00:00"))])
    got = stored(db, "developer_id", "email", "created_at")
    assert got == [("a", "t", NOON), ("b", "x", NOON)]


@pytest.mark.parametrize("asked", [1, 2, 3, 5, 8, 130])
def test_rows_are_found_by_any_number_of_keys(db: Connection, asked: int) -> None:
    write_rows(db, daily_metrics, [row(f"d{number:03}") for number in range(140)], replace=False)
    keys = [(1, f"d{number:03}", "2026-01-02") for number in range(4, 4 + asked)]
    found = find_rows(db, select(*KEY), KEY, [*keys, (1, "unknown", "2026-01-02"), (2, "d000", "2026-01-02")])
    assert sorted(found) == keys


def test_a_null_is_stored_and_found_as_one(db: Connection) -> None:
    write_rows(db, daily_metrics, [row("a"), row("b")], replace=False)
    write_rows(db, reports, [reported("a", None), reported("b", 0)], replace=False)
    keys = [(1, "a", "2026-01-02"), (1, "b", "2026-01-02")]
    found = find_rows(db, STORED_REVISIONS, REPORTED, keys)
    assert {key[1]: row.revision for key, row in found.items()} == {"a": None, "b": 0}


def test_only_the_rows_of_the_keys_are_deleted(db: Connection) -> None:
    rows = [row(who, day) for who in ("a", "b") for day in ("2026-01-01", "2026-01-02")]
    write_rows(db, daily_metrics, rows, replace=False)
    keys = [{name: one[name] for name in DAY_KEY} for one in (rows[0], rows[3])]
    delete_rows(db, daily_metrics, keys)
    assert [(who, str(day)) for who, day in stored(db, "developer_id", "date")] == [
        ("a", "2026-01-02"),
        ("b", "2026-01-01"),
    ]


@pytest.mark.parametrize("url", ["postgresql", "mariadb"], indirect=True)
def test_a_transaction_that_waited_for_a_lock_reads_the_committed_rows(url: str) -> None:
    opened = open_database(url)
    opened.write(lambda db: write_rows(db, daily_metrics, [row("a"), row("b")], replace=False))
    opened.write(lambda db: write_rows(db, reports, [reported("a", 1), reported("b", 1)], replace=False))
    keys = [(1, "a", "2026-01-02"), (1, "b", "2026-01-02")]
    with ThreadPoolExecutor(1) as other:

        def raise_it(db: Connection) -> Future[list[int]]:
            find_rows(db, STORED_REVISIONS, REPORTED, keys[1:])
            waiting = other.submit(
                lambda: opened.write(lambda db: revisions(find_rows(db, STORED_REVISIONS, REPORTED, keys)))
            )
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
            write_rows(db, reports, [reported("b", 9)], replace=True)
            return waiting

        assert opened.write(raise_it, attempts=1).result(10) == [1, 9]
    opened.close()


def test_days_are_found_by_their_whole_key_without_statistics_of_the_table(
    db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a first morning: thousands of reports of one connection and one day."""
    developers = [f"d{number}" for number in range(5000)]
    write_rows(db, daily_metrics, [row(who) for who in developers], replace=False)
    write_rows(db, reports, [reported(who, 1) for who in developers], replace=False)
    ask = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}.get(db.dialect.name, "EXPLAIN FORMAT=JSON ")
    run, plan = Connection.exec_driver_sql, list[str]()

    def explain(self: Connection, text: str, given: Any) -> Any:
        plan.extend(str(value) for line in run(self, ask + text, given) for value in line)
        return run(self, text, given)

    with monkeypatch.context() as explaining:
        explaining.setattr(Connection, "exec_driver_sql", explain)
        find_rows(db, STORED_REVISIONS, REPORTED, [(1, who, "2026-01-02") for who in developers[:64]])
    explained = " ".join(" ".join(plan).split())
    by_key = {
        "sqlite": "(connection_id=? AND developer_id=? AND date=?)",
        "postgresql": "Index Cond: ((connection_id = given.connection_id) AND ((developer_id)::text = ",
    }
    assert by_key.get(db.dialect.name, '"used_key_parts": ["connection_id", "developer_id", "date"]') in explained

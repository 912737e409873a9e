"""The statements of every report: composed once for each kind of database, then passed to the driver as text.

SQLAlchemy composes the texts. Its work beyond that at every execution, above all for long lists of parameters, would
be most of a report's cost. Many rows are one statement everywhere: at every statement SQLite's driver releases the
interpreter and may wait to get it back, and PostgreSQL's waits for the server. PostgreSQL takes rows and keys as one
JSON text: with a list of keys, its planner scans a table that has no statistics yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    BindParameter,
    Column,
    Connection,
    Delete,
    Insert,
    Select,
    Table,
    TableValuedAlias,
    bindparam,
    column,
    delete,
    func,
    select,
    true,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.mysql import pymysql
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

Row = Mapping[str, Any]  # column -> value, as every driver takes it: text (also days and times, ISO 8601), number, None
Columns = tuple[Column[Any], ...]
Key = tuple[Any, ...]

# How each driver marks a named parameter.
_DIALECTS = {
    "sqlite": pysqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
    "mysql": pymysql.dialect(paramstyle="pyformat"),
    "mariadb": pymysql.dialect(paramstyle="pyformat"),
}
MOST_ROWS = 64  # times the columns of any table: under 999 parameters, the lowest limit of an SQLite
_encode = msgspec.json.encode


def upsert(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows` through SQLAlchemy; an existing row gets all new values but its `created_at`."""
    db.execute(_replacing(db.dialect.name, table), rows)


def write_rows(db: Connection, table: Table, rows: Sequence[Row], replace: bool) -> None:
    """Insert `rows`, each with every column; with `replace` they are written as by `upsert`."""
    kind = db.dialect.name
    if kind == "postgresql":
        db.exec_driver_sql(insert_text(kind, table, replace), {"rows": _encode(rows).decode()})
    elif kind == "sqlite":
        names = table.c.keys()
        for some in _portions(rows):
            text = insert_text(kind, table, replace, len(some))
            db.exec_driver_sql(text, tuple(row[name] for row in some for name in names))
    else:
        db.exec_driver_sql(insert_text(kind, table, replace), list(rows))


def insert_text(kind: str, table: Table, replace: bool, count: int = 1) -> str:
    """The statement that `write_rows` gives to the driver of a kind of database; `count` rows on SQLite."""
    if kind == "postgresql":
        return _insert_document(table, replace)
    return _insert_portion(table, replace, count) if kind == "sqlite" else _insert(table, replace)


def upsert_text(kind: str, table: Table) -> str:
    """The statement of `upsert` for a kind of database."""
    return _text(kind, _replacing(kind, table))


def delete_rows(db: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Delete the rows that have the values of one of `keys`, which all name the same columns."""
    db.exec_driver_sql(_delete(db.dialect.name, table, tuple(keys[0])), list(keys))


def find_rows(db: Connection, wanted: Select[Any], columns: Columns, keys: Iterable[Key]) -> dict[Key, Any]:
    """The rows of `wanted` whose `columns`, which it selects first, have the values of one of `keys`: key -> row.

    Rows that `wanted` locks are locked in the order of the keys. Dates come back as the driver returns them.
    """
    ordered = sorted(set(keys))
    if db.dialect.name == "postgresql":
        document = [{c.name: value for c, value in zip(columns, key, strict=True)} for key in ordered]
        rows = db.exec_driver_sql(_find_by_keys(wanted, columns), {"rows": _encode(document).decode()}).all()
    else:
        rows = _find_by_lists(db, wanted, columns, ordered)
    # Lists of values also match combinations of them that are no key; a date is a text or a date by the driver.
    by_text = {tuple(map(str, key)): key for key in ordered}
    found = ((by_text.get(tuple(map(str, row[: len(columns)]))), row) for row in rows)
    return {key: row for key, row in found if key is not None}


def _find_by_lists(db: Connection, wanted: Select[Any], columns: Columns, keys: Sequence[Key]) -> Sequence[Any]:
    lists = [_padded(set(values)) for values in zip(*keys, strict=True)]
    given = {f"{c.name}_{i}": value for c, values in zip(columns, lists, strict=True) for i, value in enumerate(values)}
    text = _lists_text(db.dialect.name, wanted, columns, tuple(map(len, lists)))
    return db.exec_driver_sql(text, given).all()


def _padded(values: Iterable[Any]) -> Sequence[Any]:
    """Padded to 1, 2, 4, 8 ... values by repeating one: few texts serve lists of any length."""
    some = list(values)
    return some + some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Portions of 64, 32, 16 ... 1 rows: few texts serve any number, each within the limit on parameters."""
    at = 0
    while at < len(rows):
        count = min(MOST_ROWS, 1 << ((len(rows) - at).bit_length() - 1))
        yield rows[at : at + count]
        at += count


@lru_cache(maxsize=32)
def _find_by_keys(wanted: Select[Any], columns: Columns) -> str:
    """One key after another: PostgreSQL does not merge a locking subquery into the query around it."""
    keys = _document(columns)
    one = wanted.where(*(c == keys.c[c.name] for c in columns)).lateral("found")
    return _text("postgresql", select(one).select_from(keys.join(one, true())))


@lru_cache(maxsize=256)
def _lists_text(kind: str, wanted: Select[Any], columns: Columns, lengths: tuple[int, ...]) -> str:
    """A list for each column: MariaDB uses no index for a list of composite keys."""
    for one, length in zip(columns, lengths, strict=True):
        wanted = wanted.where(one.in_([bindparam(f"{one.name}_{i}") for i in range(length)]))
    return _text(kind, wanted.order_by(*columns))


@lru_cache(maxsize=32)
def _delete(kind: str, table: Table, names: tuple[str, ...]) -> str:
    return _text(kind, delete(table).where(*(table.c[name] == bindparam(name) for name in names)))


@lru_cache(maxsize=32)
def _insert(table: Table, replace: bool) -> str:
    """The text for one row, of which MySQL's driver makes one statement for many."""
    return _text("mysql", _replacing("mysql", table) if replace else table.insert())


@lru_cache(maxsize=128)
def _insert_portion(table: Table, replace: bool, count: int) -> str:
    """`count` rows for SQLite, with positional parameters: naming hundreds would take longer than storing them."""
    new = _replacing("sqlite", table) if replace else table.insert()
    row: dict[str, BindParameter[Any]] = dict.fromkeys(table.c.keys(), bindparam(None))
    return str(new.values([row] * count).compile(dialect=pysqlite.dialect()))


@lru_cache(maxsize=32)
def _insert_document(table: Table, replace: bool) -> str:
    """All rows of a JSON text."""
    new = postgresql.insert(table).from_select(list(table.c.keys()), select(_document(tuple(table.columns))))
    return _text("postgresql", _on_conflict(new, table) if replace else new)


@lru_cache(maxsize=32)
def _replacing(kind: str, table: Table) -> Insert:
    if kind in ("mysql", "mariadb"):
        new = mysql.insert(table)
        return new.on_duplicate_key_update({name: new.inserted[name] for name in _changed(table)})
    return _on_conflict(postgresql.insert(table) if kind == "postgresql" else sqlite.insert(table), table)


def _on_conflict(new: postgresql.Insert | sqlite.Insert, table: Table) -> Insert:
    changed = {name: new.excluded[name] for name in _changed(table)}
    return new.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)


def _changed(table: Table) -> list[str]:
    return [c.name for c in table.columns if not c.primary_key and c.name != "created_at"]


def _document(columns: Columns) -> TableValuedAlias:
    rows = func.json_to_recordset(bindparam("rows", type_=JSON))
    return rows.table_valued(*(column(c.name, c.type) for c in columns)).render_derived(name="given", with_types=True)


def _text(kind: str, statement: Insert | Delete | Select[Any]) -> str:
    return str(statement.compile(dialect=_DIALECTS[kind]))

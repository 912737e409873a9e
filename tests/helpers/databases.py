"""A database read and changed with plain SQL, over a connection of its own, as any other program does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from devtelemetry_cli.server.db.tables import metadata
from tests.helpers.db_server import new_database, server


class Store:
    """The database at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = create_engine(url, poolclass=NullPool)

    def select(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Rows, with days as the texts that SQLite has for them."""
        with self._engine.connect() as db:
            rows = db.execute(text(sql), values).mappings().all()
        return [{name: _plain(value) for name, value in row.items()} for row in rows]

    def change(self, sql: str, **values: object) -> None:
        """One change, committed."""
        with self._engine.begin() as db:
            db.execute(text(sql), values)


@contextmanager
def database(kind: str, factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database of that kind; skips by name where there is none."""
    if kind == "sqlite":
        yield f"sqlite:///{factory.mktemp('sqlite')}/reports.db"
        return
    with new_database(server(kind, _shared(factory))) as address:
        yield address


def remove_rows(url: str) -> None:
    """Empty every table of devtel."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as db:
        for table in reversed(metadata.sorted_tables):
            db.execute(table.delete())
    engine.dispose()


def copy_database(template: Path, folder: Path) -> str:
    """The URL of a copy of an SQLite database without open connections."""
    copy = folder / f"{len(list(folder.iterdir()))}.db"
    copy.write_bytes(template.read_bytes())
    return f"sqlite:///{copy}"


def _shared(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run have in common."""
    own = factory.getbasetemp()
    return own.parent if own.name.startswith("popen-") else own


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value

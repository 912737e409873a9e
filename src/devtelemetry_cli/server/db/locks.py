"""Named locks between processes over one database. A lock ends with the connection that holds it."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

WAIT_SECONDS = 60


@contextmanager
def held(db: Connection, name: str, wait: bool) -> Iterator[bool]:
    """Hold the lock `name` of this database; yields whether it is held (with `wait`: after waiting for it).

    On SQLite a transaction that writes is the lock itself (database.py): always held.
    """
    if db.dialect.name == "sqlite":
        yield True
    elif db.dialect.name == "postgresql":
        yield _in_transaction(db, zlib.crc32(f"devtel.{name}".encode()), wait)
    else:
        # MySQL's locks belong to the whole server; their names have at most 64 characters.
        own = f"devtel.{name}.{zlib.crc32((db.engine.url.database or '').encode())}"
        try:
            yield db.scalar(text("SELECT GET_LOCK(:own, :wait)"), {"own": own, "wait": WAIT_SECONDS * wait}) == 1
        finally:
            db.execute(text("SELECT RELEASE_LOCK(:own)"), {"own": own})


def _in_transaction(db: Connection, number: int, wait: bool) -> bool:
    """PostgreSQL releases the lock at the end of the transaction."""
    if wait:
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        return True
    return bool(db.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}))

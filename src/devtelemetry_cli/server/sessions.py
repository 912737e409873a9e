"""Sessions of browsers: a random identifier in a cookie, and its hash in the database until the session ends.

Each login has a session of its own, and a logout ends it for all processes. New tokens end all sessions.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection, delete, insert, select

from devtelemetry_cli.server.db import tables
from devtelemetry_cli.server.db.database import Database

COOKIE = "devtel-session"
SECONDS = 12 * 3600
MAX_SESSIONS = 1000  # above, the oldest end


@dataclass(frozen=True)
class Sessions:
    """The sessions of a server with tokens of these hashes: a viewer's, and an administrator's. Its methods block."""

    database: Database
    tokens_hash: str
    admin_hash: str

    @classmethod
    def of(cls, database: Database, key: bytes, *tokens: str) -> "Sessions":
        """The sessions of a server with these tokens, hashed with the `key` of the database."""

        def hashed(*texts: str) -> str:
            return hmac.digest(key, "\0".join(texts).encode(), "sha256").hex()

        return cls(database, hashed(*tokens), hashed("admin", *tokens))

    def begin(self, is_admin: bool = False) -> str:
        """Begin a session of a viewer or of an administrator; its identifier."""
        identifier = secrets.token_urlsafe(32)

        def write(db: Connection) -> None:
            _delete_old(db)
            ends_at = tables.now() + timedelta(seconds=SECONDS)
            tokens_hash = self.admin_hash if is_admin else self.tokens_hash
            new = {"id_hash": _hash(identifier), "tokens_hash": tokens_hash, "ends_at": ends_at}
            db.execute(insert(tables.sessions), new)

        self.database.write(write)
        return identifier

    def is_open(self, identifier: str) -> bool:
        """Whether there is such a session that has not ended."""
        return self._find(identifier, self.tokens_hash, self.admin_hash)

    def is_admin(self, identifier: str) -> bool:
        """Whether there is such a session of an administrator that has not ended."""
        return self._find(identifier, self.admin_hash)

    def end(self, identifier: str) -> None:
        """End a session, if there is such a one."""
        ended = delete(tables.sessions).where(tables.sessions.c.id_hash == _hash(identifier))
        self.database.write(lambda db: db.execute(ended))

    def _find(self, identifier: str, *hashes: str) -> bool:
        c = tables.sessions.c
        found = select(c.id_hash).where(
            c.id_hash == _hash(identifier), c.tokens_hash.in_(hashes), c.ends_at > tables.now()
        )
        return self.database.read(lambda db: db.execute(found).first()) is not None


def cookie(request: Request) -> str:
    """The identifier in the request's cookie; empty without one."""
    return request.cookies.get(COOKIE, "")


def set_cookie(response: Response, identifier: str, secure: bool) -> None:
    """Give the browser its cookie; with `secure` it is sent over TLS only.

    Lax: sent with a link in a message, since pages change nothing; not with a form of a foreign page.
    """
    response.set_cookie(COOKIE, identifier, max_age=SECONDS, httponly=True, samesite="lax", secure=secure)


def delete_cookie(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def _delete_old(db: Connection) -> None:
    """Sessions that have ended, and the oldest above MAX_SESSIONS."""
    c = tables.sessions.c
    db.execute(delete(tables.sessions).where(c.ends_at <= tables.now()))
    newest = db.scalars(select(c.ends_at).order_by(c.ends_at.desc()).offset(MAX_SESSIONS - 1).limit(1)).first()
    if newest is not None:
        db.execute(delete(tables.sessions).where(c.ends_at <= newest))


def _hash(text: str) -> str:
    """Identifiers are random and long: one round is enough."""
    return hashlib.sha256(text.encode()).hexdigest()

"""Sessions of browsers: a token is shown once at login, then a signed cookie.

The cookie holds when it ends and a keyed hash over that; the key is made of the database's own secret and of the
tokens, so that it opens every worker, and nothing any more once a token was changed.
"""

import hmac
import time
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

COOKIE = "devtel-session"
SECONDS = 12 * 3600


@dataclass(frozen=True)
class Sessions:
    """Makes and checks cookies under one key."""

    key: bytes

    @classmethod
    def of(cls, secret: bytes, *tokens: str) -> "Sessions":
        """The sessions of a server with these tokens."""
        return cls(hmac.digest(secret, "\0".join(tokens).encode(), "sha256"))

    def begin(self, response: Response, secure: bool, now: float | None = None) -> None:
        """Give the browser a cookie; with `secure` it comes back over TLS only.

        Lax: it also comes with a link in a message, as pages only show something; with no foreign form.
        """
        end = str(int(time.time() if now is None else now) + SECONDS)
        response.set_cookie(
            COOKIE, f"{end}.{self._sign(end)}", max_age=SECONDS, httponly=True, samesite="lax", secure=secure
        )

    def is_open(self, request: Request) -> bool:
        """Whether the request has a valid cookie of this server."""
        end, _, signature = request.cookies.get(COOKIE, "").partition(".")
        is_valid = hmac.compare_digest(signature.encode("latin-1", "replace"), self._sign(end).encode())
        return is_valid and float(end) > time.time()

    def _sign(self, end: str) -> str:
        return hmac.digest(self.key, f"session:{end}".encode(), "sha256").hex()


def was_open(request: Request) -> bool:
    """Whether the request shows a cookie at all: its session may have ended."""
    return COOKIE in request.cookies


def end(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")

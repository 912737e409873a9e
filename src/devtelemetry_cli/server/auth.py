"""Who may do what: report tokens, the view and the admin token, and requests from this very machine."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from devtelemetry_cli.server.responses import RefusedError

FORWARDED = ("forwarded", "via", "x-real-ip")


def hash_token(token: str) -> str:
    """What is stored of a token: salt and salted hash, in hexadecimal.

    One round of SHA-256, not a slow password hash: it is computed for every report, and everyone who can
    read it reads the reports beside it, so all that a guessed token would add is to write some. It keeps
    tokens from being read, and from being recognised as the same in two places.
    """
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_digest(salt.hex(), token.encode())}"


def token_matches(stored: str, presented: bytes) -> bool:
    """Whether `presented` is the token that `stored` was made from, in a time that tells nothing."""
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(digest.encode(), _digest(salt, presented).encode())


@dataclass(frozen=True)
class Tokens:
    """The hashes of the tokens that open more than one connection; None where there is no such token."""

    view: str | None = None
    admin: str | None = None

    def check_view(self, request: Request) -> None:
        """RefusedError unless the request may look at what the server as a whole tells."""
        _check_role(request, (self.view, self.admin))

    def check_admin(self, request: Request) -> None:
        """RefusedError unless the request may manage connections and read single developers' rows."""
        _check_role(request, (self.admin,))

    def is_admin(self, request: Request) -> bool:
        """Whether `check_admin` lets the request pass."""
        try:
            self.check_admin(request)
        except RefusedError:
            return False
        return True


def check_token(stored: Iterable[str], authorization: str | None) -> None:
    """RefusedError unless the header's key is a token of `stored`: 401 without one, 403 for another."""
    scheme, _, key = (authorization or "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise RefusedError(401, "an Authorization header with a Bearer key is required")
    presented = key.encode("latin-1")  # header text is bytes read as Latin-1
    matches = [token_matches(one, presented) for one in stored]  # all of them, in a time that tells nothing
    if not any(matches):
        raise RefusedError(403, "the key is not valid here")


def _check_role(request: Request, tokens: tuple[str | None, ...]) -> None:
    """A program of this machine needs no token; from elsewhere there is no way in where no token was set."""
    if is_local(request):
        return
    if not (accepted := [token for token in tokens if token]):
        raise RefusedError(403, "this is open to programs of this machine only")
    check_token(accepted, request.headers.get("authorization"))


def is_local(request: Request) -> bool:
    """Whether a program of this machine asked, and asked us: no proxy and no foreign web page is between."""
    headers = request.headers
    if request.client is None or not is_loopback(request.client.host):
        return False
    # A name that resolves to 127.0.0.1 (DNS rebinding), or a page that posts here, comes from a browser.
    if not is_loopback(_host(headers.get("host", ""))) or not is_loopback(_origin_host(headers.get("origin"))):
        return False
    return not any(name in FORWARDED or name.startswith("x-forwarded-") for name in headers)


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address without brackets, is this machine's loopback."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback  # a socket on :: sees 127.0.0.1 as ::ffff:127.0.0.1


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _origin_host(origin: str | None) -> str:
    """The host of a page that asks; where no page asks, ourselves."""
    return "localhost" if origin is None else _host(origin.partition("://")[2])


def _digest(salt: str, token: bytes) -> str:
    return hashlib.sha256(salt.encode() + b"$" + token).hexdigest()

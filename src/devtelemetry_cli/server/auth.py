"""Authorization: report tokens, the view and the admin token, and requests from this machine."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from fastapi import Request

from devtelemetry_cli.server.responses import RefusedError

FORWARDED = ("forwarded", "via", "x-real-ip")


def hash_token(token: str) -> str:
    """Salt and salted hash of a token in hexadecimal, for storage.

    One round of SHA-256, not a slow password hash: it is computed for every report, and a reader of the hash can
    read the reports beside it too, so that a guessed token would only add the right to write. The hash keeps tokens
    from being read, and from being recognised in two places.
    """
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_digest(salt.hex(), token.encode())}"


def token_matches(stored: str, presented: bytes) -> bool:
    """Whether `presented` is the token of the hash `stored`; in constant time."""
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(digest.encode(), _digest(salt, presented).encode())


@dataclass(frozen=True)
class Tokens:
    """The hashes of the server-wide tokens; None for a token that is not set."""

    view: str | None = None
    admin: str | None = None

    def check_view(self, request: Request) -> None:
        """RefusedError unless the request may read the team's pages and metrics."""
        _check_role(request, (self.view, self.admin))

    def check_admin_write(self, request: Request) -> None:
        """As `check_admin`; RefusedError also for a request that a page of another site may have sent."""
        self.check_admin(request)
        check_browser(request)

    def check_admin(self, request: Request) -> None:
        """RefusedError unless the request may manage connections and read single developers' rows."""
        _check_role(request, (self.admin,))

    def is_admin(self, request: Request) -> bool:
        """Whether `check_admin` passes."""
        try:
            self.check_admin(request)
        except RefusedError:
            return False
        return True


class Key(NamedTuple):
    """A request's key for a connection, and whether the request may do without one."""

    authorization: str | None
    is_trusted: bool

    @classmethod
    def of(cls, request: Request, is_open: bool = False) -> "Key":
        """The key of a request; trusted are requests from this machine, and all where the server `is_open`."""
        return cls(request.headers.get("authorization"), is_open or is_local(request))

    def check(self, stored: str | None, connection_id: int) -> None:
        """RefusedError unless the key is right for a connection whose token has the hash `stored`.

        `stored` is empty for a connection without a token, and None for an unknown connection: a request from
        elsewhere gets the same answer for it as for a wrong key.
        """
        if stored is None and self.is_trusted:
            raise RefusedError(404, f"connection {connection_id} not found")
        if stored != "":
            check_token([stored] if stored else [], self.authorization)
        elif not self.is_trusted:
            raise RefusedError(403, "this connection has no token, and accepts requests from the server's machine only")


def check_token(stored: Iterable[str], authorization: str | None) -> None:
    """RefusedError unless the header's key matches a hash of `stored`: 401 without a key, 403 for a wrong one."""
    scheme, _, key = (authorization or "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise RefusedError(401, "an Authorization header with a Bearer key is required")
    presented = key.encode("latin-1")  # header text is bytes read as Latin-1
    matches = [token_matches(one, presented) for one in stored]  # all of them: constant time
    if not any(matches):
        raise RefusedError(403, "the key is not valid here")


def check_browser(request: Request) -> None:
    """RefusedError for a request that a page of another site may have sent, also from this machine.

    Browsers send JSON to another site only where that site allows it.
    """
    check_origin(request)
    if request.method in ("POST", "PATCH") and not _is_json(request.headers.get("content-type", "")):
        raise RefusedError(415, "Content-Type: application/json is required")


def check_origin(request: Request) -> None:
    """RefusedError for a request of a page of another site: browsers name the page's site in Origin."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != request.headers.get("host", "").lower():
        raise RefusedError(403, "a page of another site may not do this")


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _check_role(request: Request, tokens: tuple[str | None, ...]) -> None:
    """Requests from this machine need no token; all others need one of `tokens`."""
    if is_local(request):
        return
    if not (accepted := [token for token in tokens if token]):
        raise RefusedError(403, "this is open to programs of this machine only")
    check_token(accepted, request.headers.get("authorization"))


def is_local(request: Request) -> bool:
    """Whether the request comes from a program of this machine, without a proxy or a foreign web page between."""
    headers = request.headers
    if request.client is None or not is_loopback(request.client.host):
        return False
    # DNS rebinding: a foreign name that resolves to 127.0.0.1. Cross-site requests: a foreign Origin.
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
    """The host of the page that sent the request; localhost if no page did."""
    return "localhost" if origin is None else _host(origin.partition("://")[2])


def _digest(salt: str, token: bytes) -> str:
    return hashlib.sha256(salt.encode() + b"$" + token).hexdigest()

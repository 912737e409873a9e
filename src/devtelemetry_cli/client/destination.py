"""Report URLs. Each destination has its own consent, journal, ledger and token."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from devtelemetry_cli.errors import ConfigurationError

NOWHERE = "nowhere"  # the key of local records where no report URL is set
_REPORT_PATH = re.compile(r".*/connections/[0-9]+/report")
_MOST_OF_HOST = 259  # characters of a name (DNS allows 253) and a port: as many as a screen shows before a question
_THIS_MACHINE = re.compile(r"localhost|::1|127(\.[0-9]+){3}")


@dataclass(frozen=True)
class Destination:
    """One report URL; `key` names its folders and its table in the user config."""

    url: str
    host: str
    key: str
    is_plain_http_elsewhere: bool


def parse(url: str) -> Destination:
    """Parse a report URL: the whole address, up to `/connections/ID/report`. Raises ConfigurationError."""
    address = url.strip().rstrip("/")
    parts = _split(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(url, "it must begin with https:// or http:// and name a host")
    if len(parts.netloc) > _MOST_OF_HOST:
        raise _wrong(url, "its host is longer than a host can be")
    if parts.username is not None or parts.password is not None:
        raise _wrong("", "it contains a user name or password, which belong in `devtel token set`")
    if parts.query or parts.fragment or not _REPORT_PATH.fullmatch(parts.path):
        raise _wrong(url, "it must be the whole address, up to /connections/ID/report")
    if not address.isascii() or not address.isprintable() or " " in address:
        raise _wrong("", "it contains characters that are not allowed in an address")
    host = parts.netloc.lower()
    return Destination(
        url=address,
        host=host,
        key=_key(address, host),
        is_plain_http_elsewhere=parts.scheme == "http" and not _is_this_machine(parts.hostname),
    )


def label(url: str, among: Iterable[str]) -> str:
    """The name of a report URL in messages: its host, or the whole address where another URL in `among` has the host.

    Raises ConfigurationError for an invalid `url`; the others may be anything.
    """
    host = parse(url).host
    return url if any(other != url and _host(other) == host for other in among) else host


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # parsed, and refused, on access
    except ValueError:
        raise _wrong(address, "its host or port cannot be read") from None
    return parts


def _key(address: str, host: str) -> str:
    """Readable in a listing of folders, distinct for every address."""
    readable = "".join(c if c.isalnum() or c in ".-" else "-" for c in host)[:40]
    return f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:12]}"


def _is_this_machine(host: str) -> bool:
    return _THIS_MACHINE.fullmatch(host) is not None


def _wrong(url: str, why: str) -> ConfigurationError:
    without_user = re.sub("//.*@", "//", url, flags=re.DOTALL)  # a password is never shown
    shown = "".join(c for c in without_user if c.isprintable())[:200]
    return ConfigurationError(
        f"The report URL {shown} is wrong: {why}.".replace("URL  is", "URL is"),
        "Correct report_url in .devtel.toml or your config, or DEVTEL_REPORT_URL.",
    )

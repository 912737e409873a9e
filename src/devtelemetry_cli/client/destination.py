"""A report URL: where reports may go. Each destination has its own consent, journal, ledger and token."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from devtelemetry_cli.errors import ConfigurationError

NOWHERE = "nowhere"  # the key of records made for oneself where no report URL is known
_REPORT_PATH = re.compile(r".*/connections/[0-9]+/report")
_THIS_MACHINE = re.compile(r"localhost|::1|127(\.[0-9]+){3}")


@dataclass(frozen=True)
class Destination:
    """One report URL, and the key that names its folders and its place in the config."""

    url: str
    host: str
    key: str
    is_plain_http_elsewhere: bool


def parse(url: str) -> Destination:
    """Read a report URL: the whole address, up to `/connections/ID/report`. Raises ConfigurationError."""
    address = url.strip().rstrip("/")
    parts = _split(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(url, "it must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise _wrong("", "it holds a user name or password, which belong into `devtel token set`")
    if parts.query or parts.fragment or not _REPORT_PATH.fullmatch(parts.path):
        raise _wrong(url, "it must be the whole address, up to /connections/ID/report")
    if not address.isascii() or not address.isprintable() or " " in address:
        raise _wrong("", "it holds characters that no address has")
    host = parts.netloc.lower()
    return Destination(
        url=address,
        host=host,
        key=_key(address, host),
        is_plain_http_elsewhere=parts.scheme == "http" and not _is_this_machine(parts.hostname),
    )


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # only looking at it finds a port that is none
    except ValueError:
        raise _wrong(address, "its host or port cannot be read") from None
    return parts


def _key(address: str, host: str) -> str:
    """Readable for whoever looks into the folder, distinct for every address."""
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

"""The proxy that a request goes through. The same function chooses it and names it for a user.

httpx reads the variables too, but fails at values that other programs accept (IPv6 ranges, brackets in NO_PROXY).
"""

import os
import sys
from contextlib import suppress
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from devtelemetry_cli.client.text import one_line


def proxy_for(url: str) -> str | None:
    """The proxy that the environment (or the system, on macOS) names for `url`; None for a direct connection.

    HTTP_PROXY, HTTPS_PROXY and ALL_PROXY name it, in either case. NO_PROXY excludes hosts, domains and, as in curl,
    ranges of addresses, IPv6 addresses with or without brackets.
    """
    parts = urlsplit(url)
    configured = _configured()
    proxy = configured.get(parts.scheme.lower()) or configured.get("all")
    if not proxy or _is_excluded(parts.hostname or "", parts.netloc, configured.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def shown_proxy(url: str) -> str | None:
    """The proxy for `url` as it may be shown: on one line, without credentials; None for a direct connection."""
    proxy = proxy_for(url)
    return one_line(without_credentials(proxy)) if proxy else None


def without_credentials(proxy: str) -> str:
    """A proxy's address as it may be shown: without user name and password."""
    scheme, _, rest = proxy.rpartition("://")
    return f"{scheme or 'http'}://{rest.rpartition('@')[2]}"


def _configured() -> dict[str, str]:
    """The proxy of each scheme, by the environment or, on macOS, by the system."""
    if sys.platform != "darwin" and not any(name.lower().endswith("_proxy") for name in os.environ):
        return {}  # without 20 ms for the import
    from urllib.request import getproxies  # noqa: PLC0415

    return getproxies()


def _is_excluded(host: str, netloc: str, excluded: str) -> bool:
    from urllib.request import proxy_bypass  # noqa: PLC0415  only where there is a proxy

    entries = [entry.strip() for entry in excluded.split(",")]
    return bool(proxy_bypass(netloc)) or "*" in entries or _is_in_a_range(host, entries)


def _is_in_a_range(host: str, ranges: list[str]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    for entry in ranges:
        with suppress(ValueError):  # an entry that is a name
            if address in ip_network(entry.replace("[", "").replace("]", ""), strict=False):
                return True
    return False

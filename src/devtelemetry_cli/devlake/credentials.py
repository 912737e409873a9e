"""The address of DevLake and its API key: from flags, else the environment, else the user config."""

import re
from dataclasses import dataclass

from devtelemetry_cli.client import paths, server_access, settings, tokens

URL_ADVICE = "Give --url, set DEVTEL_DEVLAKE_URL, or write url under [devlake] into your config."
_PREFIXES = re.compile(r"(/api)?(/rest)?$")


@dataclass(frozen=True)
class Access:
    """An address without a trailing slash, and the key ("" for none; never shown)."""

    url: str
    key: str

    def __repr__(self) -> str:
        """Without the key, which must not reach a log."""
        return f"Access({self.url!r})"


def find(environ: dict[str, str], url: str = "", key_file: str = "") -> Access:
    """The effective access. Raises ConfigurationError: no address, a wrong one, or an unusable key file.

    A key comes from a file or from DEVTEL_DEVLAKE_KEY, never from the command line, which other users can read.
    """
    config = _config(environ)
    chosen = url or environ.get("DEVTEL_DEVLAKE_URL", "") or config.get("url", "")
    return Access(check_url(chosen), _key(environ, key_file, config.get("key_file", "")))


def check_url(url: str) -> str:
    """The address without a trailing slash. Raises ConfigurationError; a password in it is never shown."""
    return server_access.check_url(url, "The address of DevLake", URL_ADVICE)


def roots(access: Access) -> list[str]:
    """Possible roots of the API for this address, likeliest first: direct or behind config-ui, under /rest by key."""
    base = _PREFIXES.sub("", access.url)
    typed = access.url[len(base) :]
    proxies = ["/api"] if typed.startswith("/api") else ["", "/api"]
    rest = "/rest" if access.key or typed.endswith("/rest") else ""
    return [f"{base}{proxy}{rest}" for proxy in proxies]


def _config(environ: dict[str, str]) -> dict[str, str]:
    path = paths.config_file(environ)
    section = settings.read_user(path).values.get("devlake", {})
    if not isinstance(section, dict):
        raise settings.DamagedError(path, "devlake must be a table: [devlake]")
    for name in ("url", "key_file"):
        if not isinstance(section.get(name, ""), str):
            raise settings.DamagedError(path, f"{name} under [devlake] must be a text")
    if "key" in section:
        raise settings.DamagedError(path, "it must not contain a key", "Put it into a file and set key_file to that.")
    return section


def _key(environ: dict[str, str], flag: str, configured: str) -> str:
    if flag:
        return server_access.read_key(flag)
    if environ.get("DEVTEL_DEVLAKE_KEY_FILE"):
        return server_access.read_key(environ["DEVTEL_DEVLAKE_KEY_FILE"])
    if environ.get("DEVTEL_DEVLAKE_KEY"):
        return tokens.check(environ["DEVTEL_DEVLAKE_KEY"], "DEVTEL_DEVLAKE_KEY")
    return server_access.read_key(configured) if configured else ""

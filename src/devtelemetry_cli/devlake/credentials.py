"""Where DevLake is and the key for it: flags, then environment, then the user config, each a whole answer."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devtelemetry_cli.client import atomic_files, paths, settings
from devtelemetry_cli.errors import ConfigurationError

URL_ADVICE = "Give --url, set DEVTEL_DEVLAKE_URL, or write url under [devlake] into your config."
_REST = re.compile(r"(/api)?(/rest)?$")


@dataclass(frozen=True)
class Access:
    """An address as it was typed, without a slash at its end, and the key ("" for none; never shown)."""

    url: str
    key: str

    def __repr__(self) -> str:
        """Without the key, which must not reach a log."""
        return f"Access({self.url!r})"


def find(environ: dict[str, str], url: str = "", key_file: str = "") -> Access:
    """The access that applies. Raises ConfigurationError: no address, a wrong one, or a key file without a key.

    A key is read from a file or from DEVTEL_DEVLAKE_KEY; it never comes from the command line, where others see it.
    """
    config = _config(environ)
    chosen = url or environ.get("DEVTEL_DEVLAKE_URL", "") or config.get("url", "")
    return Access(check_url(chosen), _key(environ, key_file, config.get("key_file", "")))


def check_url(url: str) -> str:
    """The address without a slash at its end. Raises ConfigurationError; a password in it is never shown."""
    address = url.strip().rstrip("/")
    if not address:
        raise ConfigurationError("It is not known where DevLake is.", URL_ADVICE)
    try:
        parts = urlsplit(address)
        _ = parts.port  # only looking at it finds a port that is none
    except ValueError:
        raise ConfigurationError("The address of DevLake cannot be read.", URL_ADVICE) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The address of DevLake holds a user name or password.", "Use an API key instead.")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError("The address of DevLake must be like https://host or http://host:8080.", URL_ADVICE)
    if not address.isascii() or not address.isprintable() or " " in address:
        raise ConfigurationError("The address of DevLake holds characters that no address has.", URL_ADVICE)
    return address


def roots(access: Access) -> list[str]:
    """Where the API may stand for this address, most likely first: direct or behind config-ui, with or without key."""
    base = _REST.sub("", access.url)
    typed = access.url[len(base) :]
    doors = ["/api"] if typed.startswith("/api") else ["", "/api"]
    rest = "/rest" if access.key or typed.endswith("/rest") else ""
    return [f"{base}{door}{rest}" for door in doors]


def _config(environ: dict[str, str]) -> dict[str, str]:
    path = paths.config_file(environ)
    section = settings.read_user(path).values.get("devlake", {})
    if not isinstance(section, dict):
        raise settings.DamagedError(path, "devlake must be a table: [devlake]")
    for name in ("url", "key_file"):
        if not isinstance(section.get(name, ""), str):
            raise settings.DamagedError(path, f"{name} under [devlake] must be a text")
    if "key" in section:
        raise settings.DamagedError(path, "a key may not stand in it", "Put it into a file and name that as key_file.")
    return section


def _key(environ: dict[str, str], flag: str, configured: str) -> str:
    if flag:
        return read_key(flag)
    if environ.get("DEVTEL_DEVLAKE_KEY_FILE"):
        return read_key(environ["DEVTEL_DEVLAKE_KEY_FILE"])
    if environ.get("DEVTEL_DEVLAKE_KEY"):
        return _one_word(environ["DEVTEL_DEVLAKE_KEY"], "DEVTEL_DEVLAKE_KEY")
    return read_key(configured) if configured else ""


def read_key(file: str) -> str:
    """The key in a file. Raises ConfigurationError; what the file holds is never shown."""
    try:
        text = atomic_files.read(Path(file).expanduser()).decode("utf-8", "replace")
    except OSError as fault:
        raise ConfigurationError(f"The key file {file} cannot be read: {fault.strerror or fault}.") from None
    return _one_word(text, f"The key file {file}")


def _one_word(text: str, source: str) -> str:
    key = text.strip()
    if not key or len(key) > 4096 or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(f"{source} holds no key: it must be one word of printable ASCII characters.")
    return key

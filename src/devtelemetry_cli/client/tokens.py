"""The token of each destination: kept 0600 in a file of its own, sent to that destination only, never shown."""

from collections.abc import Collection
from pathlib import Path

from devtelemetry_cli.client import atomic_files, locks
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.errors import ConfigurationError, reason
from devtelemetry_cli.model import plain_text

MAX_LENGTH = 4096


def path(config: str, key: str) -> Path:
    """The file with the token of the destination `key`."""
    return Path(config).parent / "tokens" / key


def keep(config: str, key: str, text: str) -> None:
    """Write a token. Raises ConfigurationError where it cannot be one or the files belong to another user, OSError."""
    _check_owner(config)
    atomic_files.atomic_write(path(config, key), check(text).encode())


def remove(config: str, key: str) -> None:
    """Delete a token, where there is one. Raises ConfigurationError for files of another user, OSError."""
    _check_owner(config)
    atomic_files.remove(path(config, key))


def check(text: str, source: str = "") -> str:
    """The token without the blanks around it. Raises ConfigurationError with its source; the text is never shown."""
    token = text.strip()
    if not token or len(token) > MAX_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise _invalid(source, f"it must be one word of 1 to {MAX_LENGTH} printable ASCII characters")
    return token


def decode(data: bytes, source: str) -> str:
    """The token in a file or an output. Raises ConfigurationError with its source; the content is never shown."""
    try:
        text = plain_text.decode(data)
    except ValueError as fault:
        raise _invalid(source, str(fault)) from None
    return check(text, source)


def find(config: str, environ: dict[str, str], key: str, url: str, destinations: Collection[str]) -> str:
    """The token for the destination at `url`, or "" for none. Raises ConfigurationError where it cannot be read.

    A token goes only to the destination that it was given for: a saved one to its own, one from the environment to
    the address in DEVTEL_REPORT_URL or, without that, to the only one that was ever decided on (`destinations` are
    the URLs of all decisions).
    """
    if _is_meant_for(url, environ.get("DEVTEL_REPORT_URL", ""), destinations):
        token = _environment_token(environ)
        if token:
            return token
    try:
        return decode(atomic_files.read(path(config, key)), str(path(config, key)))
    except FileNotFoundError:
        return ""
    except OSError as fault:
        raise ConfigurationError(
            f"The token in {path(config, key)} cannot be read: {reason(fault)}.",
            "Set it again: devtel token set.",
        ) from None


def _check_owner(config: str) -> None:
    locks.check_owner(StateDir(Path(config).parent, config))


def _is_meant_for(url: str, report_url: str, destinations: Collection[str]) -> bool:
    named = report_url.strip().rstrip("/")
    decided = set(destinations) - {""}  # a decision without an address is about none
    return named == url if named else decided == {url}


def _environment_token(environ: dict[str, str]) -> str:
    if environ.get("DEVTEL_TOKEN"):
        return check(environ["DEVTEL_TOKEN"], "DEVTEL_TOKEN")
    file = environ.get("DEVTEL_TOKEN_FILE")
    if not file:
        return ""
    try:
        return decode(atomic_files.read(Path(file)), file)
    except OSError as fault:
        raise ConfigurationError(f"DEVTEL_TOKEN_FILE names {file}, which cannot be read: {reason(fault)}.") from None


def _invalid(source: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"Not a valid token{f' in {source}' if source else ''}: {reason}.")

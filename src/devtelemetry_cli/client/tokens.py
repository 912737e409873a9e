"""The token of each destination: kept 0600 in a file of its own, sent to that destination only, never shown."""

from pathlib import Path

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.errors import ConfigurationError

MAX_LENGTH = 4096


def place(config: str, key: str) -> Path:
    """The file that holds the token of the destination `key`."""
    return Path(config).parent / "tokens" / key


def keep(config: str, key: str, text: str) -> None:
    """Keep a token. Raises ConfigurationError when it cannot be one, OSError when it cannot be written."""
    atomic_files.atomic_write(place(config, key), check(text).encode())


def check(text: str) -> str:
    """The token without the line break around it. Raises ConfigurationError; the text is never shown."""
    token = text.strip()
    if not token or len(token) > MAX_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            f"That is no token: it must be one word of 1 to {MAX_LENGTH} printable ASCII characters.",
            "Nothing was kept.",
        )
    return token


def find(config: str, environ: dict[str, str], key: str, url: str, only_destination: bool) -> str:
    """The token for a destination, or "" for none. Raises ConfigurationError when it cannot be read.

    One from the environment goes only to the address that the environment gives or, where it gives none,
    to the only destination there is.
    """
    from_environment = _environment_token(environ)
    intended = environ.get("DEVTEL_REPORT_URL", "").strip().rstrip("/")
    if from_environment and (intended == url or (not intended and only_destination)):
        return from_environment
    try:
        return check(atomic_files.read(place(config, key)).decode("utf-8", "replace"))
    except FileNotFoundError:
        return ""
    except OSError as fault:
        raise ConfigurationError(
            f"The token in {place(config, key)} cannot be read: {fault.strerror or fault}.",
            "Set it again: devtel token set.",
        ) from None


def _environment_token(environ: dict[str, str]) -> str:
    if environ.get("DEVTEL_TOKEN"):
        return check(environ["DEVTEL_TOKEN"])
    file = environ.get("DEVTEL_TOKEN_FILE")
    if not file:
        return ""
    try:
        return check(atomic_files.read(Path(file)).decode("utf-8", "replace"))
    except OSError as fault:
        raise ConfigurationError(
            f"DEVTEL_TOKEN_FILE names {file}, which cannot be read: {fault.strerror or fault}."
        ) from None

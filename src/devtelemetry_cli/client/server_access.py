"""Addresses and keys of servers as operators give them, for the commands that ask one."""

from pathlib import Path
from urllib.parse import urlsplit

from devtelemetry_cli.client import atomic_files, tokens
from devtelemetry_cli.errors import ConfigurationError, reason


def check_url(url: str, subject: str, advice: str) -> str:
    """The address without a trailing slash. Raises ConfigurationError; a password in it is never shown.

    `subject` is the address in a sentence ("The address of DevLake"), `advice` how to set it.
    """
    address = url.strip().rstrip("/")
    if not address:
        raise ConfigurationError(f"{subject} is not set.", advice)
    try:
        parts = urlsplit(address)
        _ = parts.port  # a wrong port raises on access only
    except ValueError:
        raise ConfigurationError(f"{subject} cannot be parsed.", advice) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{subject} contains a user name or password.", "Use a key instead.")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(f"{subject} must be like https://host or http://host:8080.", advice)
    if not address.isascii() or not address.isprintable() or " " in address:
        raise ConfigurationError(f"{subject} contains invalid characters.", advice)
    return address


def read_key(file: str) -> str:
    """The key in a file. Raises ConfigurationError; the content is never shown."""
    try:
        return tokens.decode(atomic_files.read(Path(file).expanduser()), f"the key file {file}")
    except OSError as fault:
        raise ConfigurationError(f"The key file {file} cannot be read: {reason(fault)}.") from None

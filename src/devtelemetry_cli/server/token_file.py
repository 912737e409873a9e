"""Tokens read from files, so that no list of processes shows them."""

import stat
import sys
from pathlib import Path

from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.model import plain_text

MIN_TOKEN = 16


def read_token(file: str | None) -> str:
    """The token in `file` ("-": standard input), empty without a file.

    Raises ConfigurationError for a file that cannot be read or that other users can read, and for a short token.
    """
    if not file:
        return ""
    try:
        token = plain_text.decode(sys.stdin.buffer.read() if file == "-" else _read_private(Path(file))).strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"The token file {file} cannot be read: {reason}.") from None
    if not token or not token.isprintable():
        raise ConfigurationError(f"The token file {file} does not hold one line with a token.")
    if len(token) < MIN_TOKEN:
        raise ConfigurationError(
            f"The token in {file} is shorter than {MIN_TOKEN} characters.", "Generate one: openssl rand -hex 32"
        )
    return token


def _read_private(file: Path) -> bytes:
    mode = file.stat().st_mode
    if stat.S_ISREG(mode) and mode & stat.S_IROTH:
        raise ConfigurationError(f"The token file {file} can be read by other users.", f"Run: chmod o-r {file}")
    return file.read_bytes()

"""Read a TOML file: the user's own, or one of a project, which anybody may have written."""

import re
import tomllib
from pathlib import Path
from typing import Any

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.model import plain_text

MAX_PROJECT_BYTES = 64 * 1024
MAX_LEVELS = 8  # of a key such as a.b.c: a project file needs one
_STRINGS_AND_COMMENTS = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?(?:"""|\Z)|'
    r"'''[\s\S]*?(?:'''|\Z)|"
    r'"(?:\\.|[^"\\\n])*"?|'
    r"'[^'\n]*'?|"
    r"#[^\n]*"
)
_BETWEEN_KEYS = re.compile(r"[^\w.\- \t]")


def read(path: Path, *, trusted: bool) -> dict[str, Any]:
    """The document in a file. Raises OSError, and ValueError with a reason where it is not a valid file.

    The time that tomllib takes grows with the square of a key's levels, so what is not trusted is limited before it is
    parsed.
    """
    data = atomic_files.read(path)
    if not trusted and len(data) > MAX_PROJECT_BYTES:
        raise ValueError(f"it is larger than {MAX_PROJECT_BYTES // 1024} KiB")
    text = plain_text.decode(data)
    if not trusted and _levels(text) > MAX_LEVELS:
        raise ValueError(f"a key has more than {MAX_LEVELS} levels")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise ValueError(f"it is not TOML ({one_line(str(fault))})") from None


def _levels(text: str) -> int:
    """The most levels of any key, or more; one pass over the text."""
    bare = _STRINGS_AND_COMMENTS.sub(lambda found: "" if found[0].startswith("#") else "s", text)
    return max(part.count(".") for part in _BETWEEN_KEYS.split(bare)) + 1

"""The file in which a scheduler keeps its job."""

import os
from pathlib import Path

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.errors import DevtelError, reason


def read(file: Path) -> str | None:
    """The text of a scheduler's file; None where there is none. Raises DevtelError."""
    try:
        return os.fsdecode(atomic_files.read(file))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as fault:
        raise DevtelError(f"{file} cannot be read: {reason(fault)}.", "Nothing was changed.") from None

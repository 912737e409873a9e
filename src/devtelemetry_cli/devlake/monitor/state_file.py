"""The monitor's small state file: what was counted stays counted across a restart."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.devlake.monitor.history import History

MOST = 64 * 1024 * 1024
_NUMBERS = ("total", "floor", "settled")
_TIMES = ("duration", "succeeded", "fresh", "failed")


def load(path: Path) -> dict[int, History] | None:
    """The histories by blueprint; none where there is no file, None where it is damaged. Raises OSError."""
    try:
        with open(path, "rb", opener=atomic_files.open_nonblocking) as file:
            document = json.loads(file.read(MOST))
        return {int(number): _history(item) for number, item in document["blueprints"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def save(path: Path, histories: Mapping[int, History]) -> None:
    """Keep the histories, whole or not at all. Raises OSError."""
    document = {"version": 1, "blueprints": {str(number): asdict(history) for number, history in histories.items()}}
    atomic_files.atomic_write(path, json.dumps(document, separators=(",", ":")).encode())


def _history(item: dict[str, Any]) -> History:
    """A history from its JSON. Raises ValueError, TypeError or KeyError for anything else."""
    values = {field.name: item[field.name] for field in fields(History)}
    values["failures"] = tuple((int(number), float(when)) for number, when in values["failures"])
    if not all(isinstance(values[name], int) and values[name] >= 0 for name in _NUMBERS):
        raise ValueError("a number is wanted")
    if not all(values[name] is None or isinstance(values[name], int | float) for name in _TIMES):
        raise ValueError("a time is wanted")
    if not all(isinstance(values[name], str) for name in ("status", "ended", "message")):
        raise ValueError("a text is wanted")
    return History(**values)

"""The monitor's state file: counts survive a restart."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.devlake.monitor.history import History

MAX_BYTES = 64 * 1024 * 1024
_COUNTS = ("total", "floor", "settled")
_TIMES = ("duration", "succeeded", "fresh", "failed")


def path_for(state: str, tag: str) -> Path:
    """The state file for the DevLake of this tag, below devtel's state folder."""
    return Path(state) / "devlake" / f"monitor-{tag}.json"


def load(path: Path) -> dict[int, History] | None:
    """The histories by blueprint; empty without a file, None for a damaged one. Raises OSError."""
    try:
        with open(path, "rb", opener=atomic_files.open_nonblocking) as file:
            document = json.loads(file.read(MAX_BYTES))
        return {int(number): _history(item) for number, item in document["blueprints"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def save(path: Path, histories: Mapping[int, History]) -> None:
    """Write the histories atomically. Raises OSError."""
    document = {"version": 1, "blueprints": {str(number): asdict(history) for number, history in histories.items()}}
    atomic_files.atomic_write(path, json.dumps(document, separators=(",", ":")).encode())


def _history(item: dict[str, Any]) -> History:
    """A history from its JSON. Raises ValueError, TypeError or KeyError.

    `reason` is missing in the files of earlier versions.
    """
    values = {field.name: item[field.name] for field in fields(History) if field.name != "reason"}
    values["reason"] = item.get("reason", "")
    values["failures"] = tuple((int(number), float(when)) for number, when in values["failures"])
    if not all(isinstance(values[name], int) and values[name] >= 0 for name in _COUNTS):
        raise ValueError("a count was expected")
    if not all(values[name] is None or isinstance(values[name], int | float) for name in _TIMES):
        raise ValueError("a time was expected")
    if not all(isinstance(values[name], str) for name in ("status", "ended", "message", "reason")):
        raise ValueError("a text was expected")
    return History(**values)

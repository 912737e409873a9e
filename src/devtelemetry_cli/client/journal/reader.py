"""Read a day's records one by one. What is damaged is counted and skipped; nothing here ever fails on content."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from devtelemetry_cli.client import atomic_files, paths
from devtelemetry_cli.client.journal.writer import VERSION
from devtelemetry_cli.model import target_names
from devtelemetry_cli.model.records import End, Start

_LINE = 4096  # bytes; our records have a few hundred
_BRANCHES = ("default", "other", "detached", "unknown")
_MOST = 2**53
_OUTCOMES = 256  # exit codes and signals of a process


@dataclass
class Tally:
    """What could not be read: damaged records, and records in a newer form than ours."""

    damaged: int = 0
    newer: int = 0


def days(folder: Path) -> list[str]:
    """The dates (YYYY-MM-DD) that have a journal in `folder`, in order, even one that cannot be read.

    Raises OSError where the folder cannot be listed.
    """
    try:
        return sorted(file.stem for file in folder.iterdir() if file.suffix == ".jsonl" and _is_date(file.stem))
    except FileNotFoundError:
        return []


def file(folder: Path, day: str) -> Path:
    """The journal file of a date."""
    return Path(paths.day_file(str(folder), day))


def records(path: Path, tally: Tally) -> Iterator[Start | End]:
    """The records of one file in order, in memory one at a time. Raises OSError when it cannot be read.

    What is no file is never waited for.
    """
    with open(path, "rb", opener=atomic_files.open_nonblocking) as source:
        for line in _lines(source, tally):
            record = _parse(line, tally)
            if record is not None:
                yield record


def _lines(source: BinaryIO, tally: Tally) -> Iterator[bytes]:
    """Lines that are not empty; one longer than a record can be is counted as damaged, and never held whole."""
    while line := source.readline(_LINE):
        if line.endswith(b"\n") or len(line) < _LINE:
            if not line.isspace():
                yield line
            continue
        tally.damaged += 1
        while line and not line.endswith(b"\n"):
            line = source.readline(_LINE)


def _parse(line: bytes, tally: Tally) -> Start | End | None:
    try:
        fields = json.loads(line)
        version = fields.pop("v")
        event = fields.pop("event")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        tally.damaged += 1
        return None
    if version != VERSION:
        tally.newer += 1
        return None
    record = _start(fields) if event == "start" else _end(fields) if event == "end" else None
    tally.damaged += record is None
    return record


def _start(fields: dict[str, object]) -> Start | None:
    try:
        start = Start(**fields)  # type: ignore[arg-type]  # checked right below, field by field
    except TypeError:
        return None
    texts = (start.run, start.grant, start.target, start.project, start.parent)
    whole = all(isinstance(text, str) and len(text) <= 64 for text in texts) and bool(start.run)
    # Target and project are sent: what we would never have recorded is never passed on either.
    named = (
        whole
        and start.target == target_names.sanitize(start.target)
        and start.project in ("", target_names.sanitize(start.project))
    )
    known = start.branch in ("", *_BRANCHES) and (start.age_days is None or _is_count(start.age_days))
    flags = isinstance(start.folded, bool) and _is_count(start.pid)
    return start if named and known and flags and _is_moment(start.time, start.offset) else None


def _end(fields: dict[str, object]) -> End | None:
    try:
        end = End(**fields)  # type: ignore[arg-type]  # checked right below, field by field
    except TypeError:
        return None
    outcome = end.exit if end.signal is None else end.signal
    measured = _is_amount(end.duration) and _is_amount(end.cpu) and _is_count(end.peak_kib)
    known = _is_count(outcome, _OUTCOMES) and (end.exit is None or end.signal is None)
    ended = known and isinstance(end.interrupted, bool)
    return end if isinstance(end.run, str) and measured and ended and _is_moment(end.time, end.offset) else None


def _is_moment(time: object, offset: object) -> bool:
    return _is_amount(time) and isinstance(offset, int) and not isinstance(offset, bool) and abs(offset) <= 100_000


def _is_amount(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST and math.isfinite(value)
    )


def _is_count(value: object, limit: int = _MOST) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < limit


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

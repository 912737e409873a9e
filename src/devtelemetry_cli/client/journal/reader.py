"""Read a day's records. Damage is counted and skipped; no content makes reading fail.

msgspec checks every field while it parses: less than 1 µs a line, so a person can wait for a million runs, and no
summary on the disk is needed, which could be stale or damaged, or outlive an erasure.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from msgspec import DecodeError
from msgspec.json import Decoder

from devtelemetry_cli.client import atomic_files, paths
from devtelemetry_cli.model.records import VERSION, End, Start

_BLOCK = 64 * 1024  # larger ones come from the system anew each time, which takes a fifth longer
_NO_RECORD = b"\0"  # stands for the beginning of a line that is longer than a block
_FAULTS = (DecodeError, RecursionError, UnicodeDecodeError)

_decoder = Decoder(Start | End)


@dataclass
class Tally:
    """The records that could not be read: damaged ones, and those in a newer form."""

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
    """The records of one file that devtel could have written, in order. Raises OSError when it cannot be read."""
    for block in blocks(path, tally):
        for record in block:
            if record.is_recordable():
                yield record
            else:
                tally.damaged += 1


def blocks(path: Path, tally: Tally) -> Iterator[list[Start | End]]:
    """The well-formed records of one file in order, a block at a time; `is_recordable` is for the caller to check.

    Raises OSError when the file cannot be read; a fifo or device in its place is never waited for.
    """
    with open(path, "rb", opener=atomic_files.open_nonblocking) as source:
        for block in _whole_lines(source):
            try:
                yield _decoder.decode_lines(block)
            except _FAULTS:
                yield list(_one_by_one(block, tally))


def _whole_lines(source: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while data := source.read(_BLOCK):
        block, _, rest = (rest + data).rpartition(b"\n")
        yield block
        if len(rest) > _BLOCK:
            rest = _NO_RECORD
    yield rest


def _one_by_one(block: bytes, tally: Tally) -> Iterator[Start | End]:
    """The readable records of a block with damage; the others are counted."""
    for line in block.split(b"\n"):
        if line and not line.isspace():
            try:
                yield _decoder.decode(line)
            except _FAULTS:
                _count(line, tally)


def _count(line: bytes, tally: Tally) -> None:
    try:
        fields = json.loads(line)
        newer = "event" in fields and fields["v"] != VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        newer = False
    tally.newer += newer
    tally.damaged += not newer


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

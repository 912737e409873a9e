"""A journal file -> its records, block by block: fast enough for a million runs while a person waits.

`journal.read` says what a record is, and a test holds this module to it. That one takes 10 µs a line, this one
less than 1, since msgspec checks every field while it parses. So nothing is kept between two looks: a summary on the
disk could be stale or damaged, or outlive an erasure.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.client.journal.reader import Tally
from devtelemetry_cli.client.journal.writer import VERSION

_BLOCK = 256 * 1024
_NO_RECORD = b"\0"  # stands for the beginning of a line that is longer than a block

_Name = Annotated[str, Meta(max_length=64)]
_Run = Annotated[str, Meta(min_length=1, max_length=64)]
_Amount = Annotated[float, Meta(ge=0, lt=2**53)]
_Count = Annotated[int, Meta(ge=0, lt=2**53)]
_Outcome = Annotated[int, Meta(ge=0, lt=256)]
_Offset = Annotated[int, Meta(ge=-100_000, le=100_000)]


class Start(Struct, tag_field="event", tag="start", forbid_unknown_fields=True, gc=False):
    """A run's start: the fields of `journal.records.Start`."""

    v: Literal[1]
    run: _Run
    time: _Amount
    offset: _Offset
    pid: _Count
    grant: _Name
    target: _Name
    project: _Name = ""
    folded: bool = False
    parent: _Name = ""
    branch: Literal["", "default", "other", "detached", "unknown"] = ""
    age_days: _Count | None = None


class End(Struct, tag_field="event", tag="end", forbid_unknown_fields=True, gc=False):
    """A run's end: the fields of `journal.records.End`."""

    v: Literal[1]
    run: str
    time: _Amount
    offset: _Offset
    duration: _Amount
    exit: _Outcome | None = None
    signal: _Outcome | None = None
    interrupted: bool = False
    cpu: _Amount = 0.0
    peak_kib: _Count = 0


_decoder = Decoder(Start | End)


def blocks(path: Path, tally: Tally) -> Iterator[list[Start | End]]:
    """The records of one file in order, in memory a block at a time. Raises OSError when it cannot be read."""
    with open(path, "rb", opener=atomic_files.open_nonblocking) as source:
        for block in _whole_lines(source):
            try:
                yield _decoder.decode_lines(block)
            except (DecodeError, RecursionError, UnicodeDecodeError):
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
    """What can be read of a block in which something cannot; the rest is counted."""
    for line in block.split(b"\n"):
        if line and not line.isspace():
            try:
                yield _decoder.decode(line)
            except (DecodeError, RecursionError, UnicodeDecodeError):
                _count(line, tally)


def _count(line: bytes, tally: Tally) -> None:
    try:
        fields = json.loads(line)
        newer = "event" in fields and fields["v"] != VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        newer = False
    tally.newer += newer
    tally.damaged += not newer

"""Append records to the journal: one `write` each to a descriptor opened with O_APPEND.

`json` is not used here, since importing it takes longer than writing a record; only its C encoder of strings is.
"""

import posix  # as in client/paths.py
import time
from _json import encode_basestring_ascii as _quoted  # what json itself uses; importing `json` costs 6 ms
from _stat import S_ISREG

from devtelemetry_cli.client import paths

VERSION = 1
Value = str | int | float | bool


def encode(event: str, fields: dict[str, Value | None]) -> bytes:
    """One record on its own line. The line break comes first: an incomplete line before it damages no other record."""
    parts = [f'"{name}":{_text(value)}' for name, value in fields.items() if value is not None]
    return f'\n{{"v":{VERSION},"event":"{event}",{",".join(parts)}}}'.encode("ascii")


def create(folder: str, date: str, records: bytes) -> None:
    """Append `records` to the file of the local day `date`, making file and folder when missing. Raises OSError."""
    try:
        append(folder, date, records, posix.O_CREAT)
    except FileNotFoundError:
        import os  # noqa: PLC0415  once for each agreement

        os.makedirs(folder, 0o700, exist_ok=True)
        append(folder, date, records, posix.O_CREAT)


def append(folder: str, date: str, records: bytes, flags: int = 0) -> None:
    """Append `records` in one write to an existing day's file: an erased file is not created again.

    Raises OSError for an incomplete write: then nothing is recorded, or half a line that counts as damaged.
    """
    path = paths.day_file(folder, date)
    # O_NONBLOCK: opening a fifo in the file's place fails at once instead of blocking.
    descriptor = posix.open(path, posix.O_WRONLY | posix.O_APPEND | posix.O_NONBLOCK | posix.O_NOCTTY | flags, 0o600)
    try:
        if not S_ISREG(posix.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a file")
        if posix.write(descriptor, records) != len(records):
            raise OSError(f"{path} was written only in part")
    finally:
        posix.close(descriptor)


def local_date(seconds: float) -> str:
    """The local date (YYYY-MM-DD) at `seconds` since the epoch."""
    moment = time.localtime(seconds)
    return f"{moment.tm_year:04d}-{moment.tm_mon:02d}-{moment.tm_mday:02d}"


def local_offset(seconds: float) -> int:
    """The local time's distance from UTC in seconds at `seconds` since the epoch."""
    return time.localtime(seconds).tm_gmtoff


def _text(value: Value) -> str:
    if isinstance(value, str):
        return str(_quoted(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)

"""The forms of the server's log: plain lines or JSON objects on standard error."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

Log = Callable[[str], None]
Access = Callable[[str, str, int, float], None]  # method, path, status, milliseconds


def access_log(form: str, say: Log) -> Access | None:
    """The log of requests, a line each, in the form "plain" or "json"; None for "none"."""

    def plain(method: str, path: str, status: int, milliseconds: float) -> None:
        say(f"devtel serve: {method} {path} {status} {milliseconds:.1f} ms")

    def as_json(method: str, path: str, status: int, milliseconds: float) -> None:
        say(_object(method=method, path=path, status=status, ms=round(milliseconds, 1)))

    return {"plain": plain, "json": as_json, "none": None}[form]


def event_log(form: str, say: Log) -> Log:
    """The log of everything but requests."""
    if form == "json":
        return lambda text: say(_object(message=text))
    return lambda text: say(f"devtel serve: {text}")


def once_a_second(log: Log) -> Log:
    """`log` without the lines that come less than a second after another."""
    last = float("-inf")

    def limited(text: str) -> None:
        nonlocal last
        if (now := time.monotonic()) >= last + 1:
            last = now
            log(text)

    return limited


def _object(**fields: object) -> str:
    return json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields})

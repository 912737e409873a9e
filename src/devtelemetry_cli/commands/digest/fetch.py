"""The digest of a week, read from the API of `devtel serve`."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from devtelemetry_cli.client.http import HttpClient, NoAnswerError, Response
from devtelemetry_cli.client.send.responses import PASSING, error_reason
from devtelemetry_cli.errors import (
    ConfigurationError,
    DevtelError,
    TokenRefusedError,
    TryLaterError,
    UnavailableError,
)

SECONDS = 20.0  # for the answer as a whole
LIMIT = 512 * 1024  # bytes; an answer with the longest names has about 100 KB
PATH = "/devtel/v1/digest"


class Figures(msgspec.Struct, frozen=True):
    """Plain figures of runs; seconds."""

    runs: int
    failures: int
    waited_seconds: float
    p50_seconds: float | None


class Target(msgspec.Struct, frozen=True):
    """A target of the week; an empty name is the rest of its project, or of all."""

    project: str
    target: str
    waited_seconds: float


class Change(msgspec.Struct, frozen=True):
    """A target that changed; `low` and `high` are the 95 % interval, as the server's comparison has it."""

    project: str
    target: str
    before: Figures
    now: Figures
    low: float
    high: float
    cost_seconds: float


class Event(msgspec.Struct, frozen=True):
    """An event that the administrator noted; an empty project is all projects."""

    date: date
    project: str
    text: str


class Week(msgspec.Struct, frozen=True, rename="camel"):
    """The digest of a week. `last_report` is the last day on or after which `min_developers` sent a report."""

    week: date
    until: date
    project: str | None
    min_developers: int
    has_figures: bool
    weeks_before: int
    compared: int
    developers: int
    totals: Figures
    waited_seconds_before: float | None
    targets: list[Target]
    changed: dict[str, int]
    slower: list[Change]
    faster: list[Change]
    fragile: list[Change]
    robust: list[Change]
    last_report: date | None
    waiting_reports: int
    events: list[Event]


def fetch(url: str, token: str, week: date | None, project: str | None) -> tuple[Week, dict[str, Any]]:
    """The digest of the week of a day (None: the last whole week), and the JSON object as it was answered.

    Raises DevtelError: each with a sentence that names the host.
    """
    host, query = urlsplit(url).netloc, {"week": week and week.isoformat(), "project": project}
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    client = HttpClient(token, LIMIT)
    try:
        answer = client.request("GET", f"{url}{PATH}{'?' if asked else ''}{asked}", SECONDS)
    except NoAnswerError as fault:
        raise UnavailableError(f"{host} does not answer ({fault.reason}).") from None
    finally:
        client.close()
    if answer.status != 200 or not answer.is_whole:
        raise _refused(host, answer)
    try:
        return msgspec.json.decode(answer.body, type=Week), json.loads(answer.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UnavailableError(
            f"{host} answered, but not as `devtel serve` does.", "A login or proxy page may be in between."
        ) from None


def _refused(host: str, answer: Response) -> DevtelError:
    """The error of an answer without a digest."""
    status, reason = answer.status, error_reason(answer.body)
    advice = "Name the file with the view token: --token-file or DEVTEL_VIEW_TOKEN_FILE."
    if 300 <= status < 400:
        return ConfigurationError(f"{host} redirects to another address, which is never followed.", "Correct --url.")
    if status == 401:
        return TokenRefusedError(f"{host} requires a view token (401).", advice)
    if status == 403:
        return TokenRefusedError(f"{host} refused the view token (403{reason}).", advice)
    if status == 404 and not reason.startswith(": no such project"):
        return ConfigurationError(
            f"{host} has no digest at this address (404).", "Correct --url, or update `devtel serve`."
        )
    if status in PASSING or status >= 500:
        return TryLaterError(f"{host} cannot answer now ({status}{reason}).", "Try again later.")
    return DevtelError(f"{host} refused the request ({status}{reason}).")

"""The meaning of an endpoint's answer for a report: one table, from docs/report-endpoint.md."""

import json
import time
from dataclasses import dataclass
from enum import Enum

from devtelemetry_cli import errors
from devtelemetry_cli.client import http
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.errors import DevtelError


class Meaning(Enum):
    """What follows from an answer for the day."""

    STORED = "stored"
    RETRY_NOW = "retry now"  # this report once more, at once
    RETRY_LIMITED = "retry limited"  # perhaps this report's fault, perhaps passing: some tries, other days continue
    REFUSED = "refused"  # this report will never be accepted; other days continue
    LATER = "later"  # nothing is accepted now: keep everything, try again
    STOP = "stop"  # a person must correct something first: keep everything


@dataclass(frozen=True)
class Answer:
    """A classified answer: `sentence` is what happened and what to do, `wait` the seconds asked for (0 for none).

    `reason` is the endpoint's own message about a refused key, `data` the content of a success, `refusal` the
    sentence for RETRY_LIMITED once the tries are used up.
    """

    meaning: Meaning
    sentence: str = ""
    error: type[DevtelError] = DevtelError
    status: int = 0
    wait: float = 0.0
    data: object = None
    reason: str = ""
    refusal: str = ""


PASSING = frozenset({408, 425, 428, 429, 502, 503, 504})
MAX_REASON = 200


def classify(status: int, headers: dict[str, str], body: bytes, host: str) -> Answer:
    """Classify a whole answer; `headers` with lower-case names."""
    if 300 <= status < 400:
        return _stop(status, f"{host} redirects to another address, which is never followed. Correct the report URL.")
    if status == 200:
        return _ok(body, host)
    if status in PASSING:
        return _passing(status, headers, host)
    if status >= 500:
        return _internal_error(status, headers, body, host)
    return _client_error(status, body, host)


def no_answer(host: str, reason: str) -> Answer:
    """The endpoint could not be reached, or did not answer in time."""
    sentence = f"{host} does not answer ({reason}). Nothing is lost; it is tried again."
    return Answer(Meaning.LATER, sentence, errors.UnavailableError)


def not_sent(fault: DevtelError) -> Answer:
    """A setting of this machine prevents every request."""
    return Answer(Meaning.STOP, str(fault), errors.ConfigurationError)


def _ok(body: bytes, host: str) -> Answer:
    envelope = _envelope(body)
    if envelope.get("success") is True:
        return Answer(Meaning.STORED, status=200, data=envelope.get("data"))
    sentence = (
        f"{host} answered 200, but not as a report endpoint does; a login or proxy page may be in between. "
        "Nothing was stored; it is tried again."
    )
    return Answer(Meaning.LATER, sentence, errors.UnavailableError, 200)


def _passing(status: int, headers: dict[str, str], host: str) -> Answer:
    if status == 428:
        sentence = f"{host} waits for its operator: a database migration is pending. It is tried again later."
    else:
        sentence = f"{host} cannot take reports now ({status}). It is tried again later."
    return Answer(Meaning.LATER, sentence, errors.TryLaterError, status, _wait(headers))


def _internal_error(status: int, headers: dict[str, str], body: bytes, host: str) -> Answer:
    error = f"{host} had an internal error ({status}{error_reason(body)})"
    return Answer(
        Meaning.RETRY_LIMITED,
        f"{error}. It is tried again later.",
        errors.TryLaterError,
        status,
        _wait(headers),
        refusal=f"{error} for this day while it stored others. The day is set aside; other days continue.",
    )


def _client_error(status: int, body: bytes, host: str) -> Answer:
    if status == 401:
        return _key(401, body, f"{host} requires a token (401). Store one: devtel token set.")
    if status == 403:
        sentence = (
            f"{host} refused the token (403{error_reason(body)}). Ask its operator for another: devtel token set."
        )
        return _key(403, body, sentence)
    if status == 404:
        return _not_found(body, host)
    if status == 400 and "duplicate" in body.decode("utf-8", "replace").lower():
        return Answer(Meaning.RETRY_NOW, f"{host} was busy with another first report.", errors.TryLaterError, status)
    if status in (400, 410, 413, 422):
        sentence = (
            f"{host} refused the report ({status}{error_reason(body)}). The day is set aside; other days continue."
        )
        return Answer(Meaning.REFUSED, sentence, errors.DataRefusedError, status)
    return _stop(
        status, f"{host} does not take reports at this address ({status}{error_reason(body)}). Check the report URL."
    )


def _not_found(body: bytes, host: str) -> Answer:
    if _envelope(body):
        return _stop(
            404, f"{host} has no such connection (404{error_reason(body)}). Check the number in the report URL."
        )
    sentence = f"{host} has no report endpoint at this address (404): the URL is wrong, or the plugin is not installed."
    return _stop(404, sentence)


def _stop(status: int, sentence: str) -> Answer:
    return Answer(Meaning.STOP, sentence, errors.ConfigurationError, status)


def _key(status: int, body: bytes, sentence: str) -> Answer:
    return Answer(
        Meaning.STOP, sentence, errors.TokenRefusedError, status, reason=error_reason(body).removeprefix(": ")
    )


def _envelope(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def error_reason(body: bytes) -> str:
    """The short part of an error's JSON, after a colon; empty without one.

    Its first cause, else the first line of its message, which may be a dump.
    """
    envelope = _envelope(body)
    causes = envelope.get("causes")
    text = causes[0] if isinstance(causes, list) and causes else envelope.get("message")
    if not isinstance(text, str) or not text.strip():
        return ""
    return f": {one_line(text.strip().splitlines()[0], MAX_REASON)}"


def _wait(headers: dict[str, str]) -> float:
    return http.retry_after(headers.get("retry-after"), time.time()) or 0.0

"""What an endpoint's answer means for a report: one table, from docs/report-endpoint.md."""

import email.utils
import json
import time
from dataclasses import dataclass
from enum import Enum

from devtelemetry_cli import errors
from devtelemetry_cli.errors import DevtelError


class Meaning(Enum):
    """What becomes of a day after an answer."""

    STORED = "stored"
    AGAIN = "again"  # this once more, at once
    PERHAPS = "perhaps"  # maybe this body's fault, maybe passing: a few tries, the other days go on
    REFUSED = "refused"  # this body will never be taken; the other days go on
    LATER = "later"  # nothing is taken now: keep everything, come back
    STOP = "stop"  # a person must do something first: keep everything


@dataclass(frozen=True)
class Answer:
    """An answer understood. `sentence` says what happened and what to do; `wait` is the seconds it asks for, or 0."""

    meaning: Meaning
    sentence: str = ""
    error: type[DevtelError] = DevtelError
    status: int = 0
    wait: float = 0.0
    data: object = None  # what a success carries


PASSING = frozenset({408, 425, 428, 429, 502, 503, 504})
MAX_SHOWN = 200


def understand(status: int, headers: dict[str, str], body: bytes, host: str) -> Answer:
    """Classify a whole answer; `headers` with lower-case names."""
    if 300 <= status < 400:
        return _stop(status, f"{host} redirects elsewhere; reports never follow. Correct the report URL.")
    if status == 200:
        return _ok(body, host)
    if status in PASSING:
        return _passing(status, headers, host)
    if status >= 500:
        sentence = f"{host} had a fault of its own ({status}{_reason(body)}). It is tried again later."
        return Answer(Meaning.PERHAPS, sentence, errors.TryLaterError, status, _retry_after(headers))
    return _client_fault(status, body, host)


def no_answer(host: str, why: str) -> Answer:
    """The endpoint could not be reached, or did not answer in time."""
    return Answer(
        Meaning.LATER, f"{host} does not answer ({why}). Nothing is lost; it is tried again.", errors.UnavailableError
    )


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
    return Answer(Meaning.LATER, sentence, errors.TryLaterError, status, _retry_after(headers))


def _client_fault(status: int, body: bytes, host: str) -> Answer:
    if status == 401:
        return _key(401, f"{host} wants a key (401). Set one: devtel token set.")
    if status == 403:
        return _key(403, f"{host} refused the key (403{_reason(body)}). Ask its operator for one: devtel token set.")
    if status == 404:
        return _not_found(body, host)
    if status == 400 and "duplicate" in body.decode("utf-8", "replace").lower():
        return Answer(Meaning.AGAIN, f"{host} was busy with another first report.", errors.TryLaterError, status)
    if status in (400, 410, 413, 422):
        sentence = f"{host} refused the report ({status}{_reason(body)}). The day is set aside; the others go on."
        return Answer(Meaning.REFUSED, sentence, errors.DataRefusedError, status)
    return _stop(
        status, f"{host} does not take reports at this address ({status}{_reason(body)}). Check the report URL."
    )


def _not_found(body: bytes, host: str) -> Answer:
    if _envelope(body):
        return _stop(404, f"{host} knows no such connection (404{_reason(body)}). Check the number in the report URL.")
    sentence = f"{host} has no report endpoint at this address (404): the URL is wrong, or the plugin is not installed."
    return _stop(404, sentence)


def _stop(status: int, sentence: str) -> Answer:
    return Answer(Meaning.STOP, sentence, errors.ConfigurationError, status)


def _key(status: int, sentence: str) -> Answer:
    return Answer(Meaning.STOP, sentence, errors.KeyRefusedError, status)


def _envelope(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _reason(body: bytes) -> str:
    """The clean part of an error's JSON, short and on one line; a message may be a long dump."""
    envelope = _envelope(body)
    causes = envelope.get("causes")
    text = causes[0] if isinstance(causes, list) and causes else envelope.get("message")
    if not isinstance(text, str) or not text.strip():
        return ""
    line = "".join(c if c.isprintable() else " " for c in text.strip().splitlines()[0])
    return f": {line[:MAX_SHOWN]}"


def _retry_after(headers: dict[str, str]) -> float:
    """Seconds that the endpoint asks to wait (RFC 9110, 10.2.3: a number of seconds or a date); 0 without."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0

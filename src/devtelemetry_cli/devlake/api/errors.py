"""Every error shape of the API as one clear sentence with its exit code: empty bodies, text, dumps, lists of causes."""

import json
import re
from dataclasses import dataclass
from typing import Any

from devtelemetry_cli.errors import ConfigurationError, DevtelError, KeyRefusedError, TryLaterError, UnavailableError

LONGEST_DETAIL = 300
_WRAPS = re.compile(r"^[ \t]*Wraps: \(\d+\)", re.MULTILINE)
_SAY_NOTHING = frozenset({"", "{", "}", "combined messages:", "attached stack trace"})
NO_ANSWERS = 3  # requests in a row without any answer, each tried often enough: then DevLake is gone
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class ApiError(DevtelError):
    """DevLake did not do what was asked: the status (0 for no answer) and what it said about it."""

    def __init__(
        self, message: str, advice: str = "", *, status: int = 0, detail: str = "", exit_code: int = 1
    ) -> None:
        super().__init__(message, advice)
        self.status = status
        self.detail = detail
        self.exit_code = exit_code

    @property
    def is_of_the_whole(self) -> bool:
        """Whether every other request would fail in the same way: a wrong key, a migration, a wrong address."""
        is_wrong_address = self.exit_code == ConfigurationError.exit_code and self.status != 404
        return self.exit_code == KeyRefusedError.exit_code or self.status == 428 or is_wrong_address

    @property
    def is_no_answer(self) -> bool:
        """Whether nobody answered, even after more tries."""
        return self.status == 0 and self.exit_code == UnavailableError.exit_code

    def says(self, *words: str) -> bool:
        """Whether one of these words stands in what DevLake said."""
        said = self.detail.lower()
        return any(word in said for word in words)


class SlowError(ApiError):
    """The answer did not come in time."""


@dataclass
class CircuitBreaker:
    """Bears what fails for one of many things, and raises what will fail for all the others too.

    A request that takes too long is often one thing's own: DevLake asks GitHub or Jenkins before it answers. Several
    in a row are not, nor are `breaks` connections in a row that cannot be made.
    """

    breaks: int = 1
    _silent: int = 0

    def answered(self) -> None:
        """One thing went well."""
        self._silent = 0

    def bear(self, fault: ApiError) -> None:
        """One thing failed. Raises its fault where nothing more can succeed."""
        self._silent = self._silent + 1 if fault.is_no_answer else 0
        most = NO_ANSWERS if isinstance(fault, SlowError) else self.breaks
        if fault.is_of_the_whole or self._silent >= most:
            raise fault


def no_answer(request: str, why: str) -> ApiError:
    """Nobody answered `request`."""
    return ApiError(
        f"DevLake did not answer {request}: {why.rstrip('.')}.",
        "Is the address right, and is DevLake running?",
        exit_code=UnavailableError.exit_code,
    )


def too_slow(request: str, seconds: float) -> ApiError:
    """The answer to `request` did not come in time."""
    return SlowError(
        f"DevLake did not answer {request}: it took too long.",
        f"More than the {seconds:g} seconds of --timeout may help.",
        exit_code=UnavailableError.exit_code,
    )


def malformed(request: str, why: str) -> ApiError:
    """DevLake answered this one request with something that is not known here."""
    return ApiError(f"The answer to {request} is not understood: {why}.", "Is this DevLake v1.0 or newer?")


def unexpected(request: str, why: str) -> ApiError:
    """Something else than DevLake answered with success."""
    return ApiError(
        f"The answer to {request} is not DevLake's: {why}.",
        "Does the address lead to DevLake, and not to a login or proxy page?",
        exit_code=ConfigurationError.exit_code,
    )


def explain(request: str, status: int, body: bytes, has_key: bool) -> ApiError:
    """What an answer with an error status means. `request` reads like `GET /plugins`."""
    said = detail(body)
    message, advice, code = _meaning(request, status, said, _document(body), has_key)
    return ApiError(message, advice, status=status, detail=said, exit_code=code)


def detail(body: bytes) -> str:
    """The clean part of what was said, on one line: the causes, else what the message tells; "" for nothing."""
    document = _document(body)
    if document is None:
        return ""
    causes = document.get("causes")
    if isinstance(causes, list) and any(isinstance(cause, str) and cause.strip() for cause in causes):
        return one_line("; ".join(told(cause) for cause in causes if isinstance(cause, str)))
    message = document.get("message")
    return told(message) if isinstance(message, str) else ""


def told(dump: str) -> str:
    """What a message of DevLake tells, on one line: `what: why: why of that`, without stack traces.

    A fault that went through several hands comes as a dump: its own line, `Wraps: (2)` and the next, and so on, each
    perhaps with details behind `|`; the reason stands deepest.
    """
    layers = _WRAPS.split(dump.partition("\nError types:")[0])
    return one_line(": ".join(dict.fromkeys(line for layer in layers for line in _layer(layer))))


def one_line(text: str, most: int = LONGEST_DETAIL) -> str:
    """What a terminal may be shown: printable characters on one line, at most so many."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _meaning(
    request: str, status: int, said: str, document: dict[str, Any] | None, has_key: bool
) -> tuple[str, str, int]:
    because = f": {said.rstrip('.')}" if said else ""
    if status in (401, 403):
        return _forbidden(request, status, because, document, has_key)
    if status == 428:
        return "DevLake waits for its database migration.", "Confirm it in config-ui, then try again.", 75
    if status == 404 and document is None:
        return f"DevLake knows no {request}.", "Is the address right, and is that plugin installed?", 78
    if 300 <= status < 400:
        return f"The address leads elsewhere: {request} was answered with a redirect.", "Give the new address.", 78
    because = because or " without saying why"
    if status in RETRIED:
        return f"DevLake could not do {request} ({status}){because}.", "Try again later.", TryLaterError.exit_code
    return f"DevLake refused {request} ({status}){because}.", "", 1


def _forbidden(
    request: str, status: int, because: str, document: dict[str, Any] | None, has_key: bool
) -> tuple[str, str, int]:
    if document is not None and "causes" in document:  # a plugin's own answer: what guards the door tells no causes
        return f"DevLake refused {request} ({status}){because}.", "Is that connection's own token still valid?", 1
    if status == 401 and not has_key:
        return "DevLake wants an API key.", "Make one in config-ui and give its file: --key-file.", 77
    return f"DevLake refused the key for {request}{because}.", "Is it valid, and does its path allow this?", 77


def _layer(text: str) -> list[str]:
    lines = [line.strip() for line in text.partition("-- stack trace")[0].splitlines() if line.strip()]
    telling = [line.strip("| \t") for number, line in enumerate(lines) if number == 0 or line.startswith("|")]
    return [line for line in telling if line not in _SAY_NOTHING]


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None

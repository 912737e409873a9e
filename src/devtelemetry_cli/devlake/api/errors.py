"""Every error form of the API as one sentence with its exit code: empty bodies, text, dumps, lists of causes."""

import json
from dataclasses import dataclass
from typing import Any

from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.devlake.api import messages
from devtelemetry_cli.errors import ConfigurationError, DevtelError, TokenRefusedError, TryLaterError, UnavailableError

MAX_SILENT = 3  # requests in a row without any answer, each after its retries: then DevLake is down
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_MIGRATION = ("DevLake waits for its database migration.", "Confirm it in config-ui, then try again.")
_MIGRATING = ("DevLake is migrating its database.", "Try again when that has ended.")


class ApiError(DevtelError):
    """A failed request: the status (0 for no answer) and the cleaned message of DevLake."""

    def __init__(
        self, message: str, advice: str = "", *, status: int = 0, detail: str = "", exit_code: int = 1
    ) -> None:
        super().__init__(message, advice)
        self.status = status
        self.detail = detail
        self.exit_code = exit_code

    @property
    def is_fatal(self) -> bool:
        """Whether every other request would fail in the same way: a wrong key, a migration, a wrong address."""
        is_wrong_address = self.exit_code == ConfigurationError.exit_code and self.status != 404
        return self.exit_code == TokenRefusedError.exit_code or self.status == 428 or is_wrong_address

    @property
    def is_unreachable(self) -> bool:
        """Whether there was no answer at all, after all retries."""
        return self.status == 0 and self.exit_code == UnavailableError.exit_code

    @property
    def is_duplicate(self) -> bool:
        """Whether something of that name exists already."""
        return self.mentions("duplicat", "already exist")

    def mentions(self, *words: str) -> bool:
        """Whether DevLake's message contains one of these words, in any letter case."""
        lowered = self.detail.lower()
        return any(word in lowered for word in words)


class SlowError(ApiError):
    """The answer did not arrive in time."""


@dataclass
class CircuitBreaker:
    """Lets a loop over many items continue after an item's own failure, and ends it where all others would fail too.

    A timeout often concerns one item: DevLake asks GitHub or Jenkins before it answers. Several in a row do not, nor
    do `limit` refused connections in a row.
    """

    limit: int = 1
    _silent: int = 0

    def succeeded(self) -> None:
        """Count an item that was processed."""
        self._silent = 0

    def failed(self, fault: ApiError) -> None:
        """Count a failed item. Raises its error where no other item can succeed."""
        self._silent = self._silent + 1 if fault.is_unreachable else 0
        limit = MAX_SILENT if isinstance(fault, SlowError) else self.limit
        if fault.is_fatal or self._silent >= limit:
            raise fault


def no_answer(request: str, why: str) -> ApiError:
    """No server answered `request`."""
    return ApiError(
        f"DevLake did not answer {request}: {why.rstrip('.')}.",
        "Is the address right, and is DevLake running?",
        exit_code=UnavailableError.exit_code,
    )


def too_slow(request: str, seconds: float) -> ApiError:
    """The answer to `request` did not arrive in time."""
    return SlowError(
        f"DevLake did not answer {request}: it took too long.",
        f"More than the {seconds:g} seconds of --timeout may help.",
        exit_code=UnavailableError.exit_code,
    )


def malformed(request: str, why: str) -> ApiError:
    """A successful answer in an unknown form; it concerns this request only."""
    return ApiError(f"The answer to {request} is not understood: {why}.", "Is this DevLake v1.0 or newer?")


def unexpected(request: str, why: str) -> ApiError:
    """A successful answer of another server."""
    return ApiError(
        f"The answer to {request} is not DevLake's: {why}.",
        "Does the address lead to DevLake, and not to a login or proxy page?",
        exit_code=ConfigurationError.exit_code,
    )


def from_response(request: str, status: int, body: bytes, has_key: bool) -> ApiError:
    """The error of an answer with an error status. `request` has the form `GET /plugins`."""
    text = detail(body)
    message, advice, code = _meaning(request, status, text, _document(body), has_key)
    return ApiError(message, advice, status=status, detail=text, exit_code=code)


def from_answer(request: str, document: dict[str, Any], advice: str) -> ApiError:
    """The error that a successful status carries in its body."""
    text = _cause(document)
    return ApiError(f"DevLake refused {request}: {text.rstrip('.') or 'no reason given'}.", advice, detail=text)


def detail(body: bytes) -> str:
    """The clean part of an error body on one line: the causes, else the message; "" for none."""
    document = _document(body)
    return "" if document is None else _cause(document)


def _cause(document: dict[str, Any]) -> str:
    causes = document.get("causes")
    if isinstance(causes, list) and any(isinstance(cause, str) and cause.strip() for cause in causes):
        cleaned = [messages.clean(cause) for cause in causes if isinstance(cause, str)]
        return one_line(messages.innermost_first(cleaned))
    message = document.get("message")
    return messages.clean(message) if isinstance(message, str) else ""


def _meaning(
    request: str, status: int, text: str, document: dict[str, Any] | None, has_key: bool
) -> tuple[str, str, int]:
    because = f": {text.rstrip('.')}" if text else ""
    if status in (401, 403):
        return _forbidden(request, status, because, document, has_key)
    if status == 428:
        return (*_MIGRATING, 75) if "in progress" in text else (*_MIGRATION, 75)
    if status == 404 and document is None:
        return f"DevLake has no {request}.", "Is the address right, and is that plugin installed?", 78
    if 300 <= status < 400:
        return f"The address leads elsewhere: {request} was answered with a redirect.", "Give the new address.", 78
    because = because or " without a reason"
    if status in RETRIED:
        return f"DevLake could not do {request} ({status}){because}.", "Try again later.", TryLaterError.exit_code
    return f"DevLake refused {request} ({status}){because}.", "", 1


def _forbidden(
    request: str, status: int, because: str, document: dict[str, Any] | None, has_key: bool
) -> tuple[str, str, int]:
    if document is not None and "causes" in document:  # a plugin's own answer: the key check sends no causes
        return f"DevLake refused {request} ({status}){because}.", "Is that connection's own token still valid?", 1
    if status == 401 and not has_key:
        return "DevLake requires an API key.", "Make one in config-ui and give its file: --key-file.", 77
    return f"DevLake refused the key for {request}{because}.", "Is it valid, and does its path allow this?", 77


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None

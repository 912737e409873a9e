"""Answers in the plugin's envelope, and the exceptions that become one."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response

JSON_TYPE = "application/json; charset=utf-8"
# No cache between the server and its client keeps an answer, and no browser guesses another type.
PRIVATE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
RETRY_AFTER_SECONDS = 5


class RefusedError(Exception):
    """A request that is answered with the HTTP `status`, not 200, and a sentence for its sender."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one piece of work: its value, or the error that it ended with."""

    value: Any = None
    error: Exception | None = None


def as_json(value: object, status: int = 200) -> Response:
    """`value` as the whole body."""
    return Response(json.dumps(value, separators=(",", ":")), status, dict(PRIVATE), JSON_TYPE)


def if_changed(request: Request, answer: Response) -> Response:
    """`answer` with an ETag of its body; 304 without a body if the request already has that ETag."""
    etag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    answer.headers["ETag"] = etag
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers={**PRIVATE, "ETag": etag})
    return answer


def success(message: str, data: object = None) -> Response:
    """200 in the plugin's envelope."""
    return as_json({"code": 0, "success": True, "message": message, "causes": None, "data": data})


def failure(status: int, message: str, retry_after: int | None = None) -> Response:
    """The plugin's envelope of an error; a temporary one has a Retry-After."""
    text = f"{message} ({status})"
    envelope = {"code": 0, "success": False, "message": text, "causes": [message], "data": None}
    answer = as_json(envelope, status)
    if status == 503:
        retry_after = RETRY_AFTER_SECONDS
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def unknown_path() -> Response:
    """The text of DevLake's router: clients tell a wrong URL from an unknown connection by it."""
    return PlainTextResponse("404 page not found", 404)

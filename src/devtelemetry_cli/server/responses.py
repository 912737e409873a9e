"""Answers in the plugin's envelope, and the exceptions that become one."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi.responses import PlainTextResponse, Response

JSON_TYPE = "application/json; charset=utf-8"
RETRY_AFTER_SECONDS = 5


class RefusedError(Exception):
    """A request that is answered with the HTTP `status`, not 200, and a sentence for its sender."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one piece of work: its value, or the error that it ended with."""

    value: Any = None
    error: Exception | None = None


def as_json(value: object, status: int = 200) -> Response:
    """`value` as the whole body."""
    return Response(json.dumps(value, separators=(",", ":")), status, media_type=JSON_TYPE)


def success(message: str, data: object = None) -> Response:
    """200 in the plugin's envelope."""
    return as_json({"code": 0, "success": True, "message": message, "causes": None, "data": data})


def failure(status: int, message: str) -> Response:
    """The plugin's envelope of an error; a temporary one has a Retry-After."""
    text = f"{message} ({status})"
    envelope = {"code": 0, "success": False, "message": text, "causes": [message], "data": None}
    answer = as_json(envelope, status)
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def unknown_path() -> Response:
    """The text of DevLake's router: clients tell a wrong URL from an unknown connection by it."""
    return PlainTextResponse("404 page not found", 404)

"""Fetching a digest: the request, and the error of every other answer."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from devtelemetry_cli.commands.digest.fetch import PATH, fetch
from devtelemetry_cli.errors import (
    ConfigurationError,
    DevtelError,
    TokenRefusedError,
    TryLaterError,
    UnavailableError,
)
from tests.helpers.digests import answer
from tests.helpers.report_endpoint import Answer, Endpoint, ReadingHandler, listening, refusal


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with listening(ReadingHandler) as one:
        yield one


def test_the_request_names_the_week_and_the_project_and_carries_the_token(endpoint: Endpoint) -> None:
    endpoint.script = [Answer(body=json.dumps(answer())), Answer(body=json.dumps(answer()))]
    found, answered = fetch(endpoint.base, "the-token", date(2026, 11, 18), "shop & co")
    assert (found.week, answered) == (date(2026, 11, 16), answer())
    request = endpoint.requests[-1]
    assert request.path == f"{PATH}?week=2026-11-18&project=shop+%26+co"
    assert request.headers["authorization"] == "Bearer the-token"
    fetch(endpoint.base, "", None, None)
    assert endpoint.requests[-1].path == PATH
    assert "authorization" not in endpoint.requests[-1].headers


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (Answer(301, "", {"Location": "/elsewhere"}), ConfigurationError, "redirects"),
        (Answer(401, refusal("no", "a key is required")), TokenRefusedError, "requires a view token"),
        (Answer(403, refusal("no", "the key is not valid here")), TokenRefusedError, "the key is not valid here"),
        (Answer(404, "not found"), ConfigurationError, "no digest at this address"),
        (Answer(404, refusal("no", "no such project has published rows")), DevtelError, "no such project"),
        (Answer(400, refusal("no", "the week is not over yet")), DevtelError, "the week is not over yet"),
        (Answer(429, "{}"), TryLaterError, "429"),
        (Answer(503, refusal("no", "the database is busy")), TryLaterError, "the database is busy"),
        (Answer(500, "{}"), TryLaterError, "500"),
        (Answer(200, "<html>Sign in</html>"), UnavailableError, "not as `devtel serve` does"),
        (Answer(200, "{}"), UnavailableError, "not as `devtel serve` does"),
        (Answer(200, "[" * 100_000), UnavailableError, "not as `devtel serve` does"),
    ],
)
def test_every_other_answer_is_one_sentence_and_the_error_with_its_exit_code(
    endpoint: Endpoint, given: Answer, error: type[DevtelError], words: str
) -> None:
    endpoint.script = [given]
    with pytest.raises(DevtelError) as caught:
        fetch(endpoint.base, "", None, None)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_answer_without_end_is_cut_off(endpoint: Endpoint) -> None:
    whole: dict[str, Any] = answer() | {"more": "x" * 1_000_000}
    endpoint.script = [Answer(body=json.dumps(whole))]
    with pytest.raises(DevtelError):
        fetch(endpoint.base, "", None, None)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        fetch("http://127.0.0.1:9", "", None, None)

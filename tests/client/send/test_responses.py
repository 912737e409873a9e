"""The meaning of an answer: every row of the table in docs/report-endpoint.md, and odd answers of a network."""

import email.utils
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli import errors
from devtelemetry_cli.client.send.responses import MAX_REASON, PASSING, Answer, Meaning, classify, no_answer

STORED, RETRY_NOW, RETRY_LIMITED = Meaning.STORED, Meaning.RETRY_NOW, Meaning.RETRY_LIMITED
REFUSED, LATER, STOP = Meaning.REFUSED, Meaning.LATER, Meaning.STOP
HTML = b"<!DOCTYPE html><html><title>Sign in</title></html>"


def envelope(message: Any = "", causes: Any = None, *, success: object = False) -> bytes:
    return json.dumps({"code": 0, "success": success, "message": message, "causes": causes, "data": None}).encode()


def classified(status: int, body: bytes = b"", **headers: str) -> Answer:
    return classify(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, "host:8080")


@pytest.mark.parametrize(
    ("status", "body", "meaning", "error"),
    [
        (200, envelope("telemetry data received successfully", success=True), STORED, errors.DevtelError),
        (200, HTML, LATER, errors.UnavailableError),
        (200, b"", LATER, errors.UnavailableError),
        (200, b"null", LATER, errors.UnavailableError),
        (200, b"[" * 100_000, LATER, errors.UnavailableError),
        (200, envelope("no", success=False), LATER, errors.UnavailableError),
        (200, envelope(success="true"), LATER, errors.UnavailableError),
        (200, envelope(success=1), LATER, errors.UnavailableError),
        (200, b'[{"success":true}]', LATER, errors.UnavailableError),
        (400, envelope("developer is required"), REFUSED, errors.DataRefusedError),
        (400, HTML, REFUSED, errors.DataRefusedError),
        (400, envelope("Error 1062: Duplicate entry 'x' for key"), RETRY_NOW, errors.TryLaterError),
        (401, envelope("token is missing"), STOP, errors.TokenRefusedError),
        (403, envelope("api key is expired"), STOP, errors.TokenRefusedError),
        (403, HTML, STOP, errors.TokenRefusedError),
        (404, envelope("connection 7 not found (404)"), STOP, errors.ConfigurationError),
        (404, b"404 page not found", STOP, errors.ConfigurationError),
        (410, b"", REFUSED, errors.DataRefusedError),
        (413, b"<html>413 Request Entity Too Large</html>", REFUSED, errors.DataRefusedError),
        (422, envelope("what"), REFUSED, errors.DataRefusedError),
        (428, envelope("migration"), LATER, errors.TryLaterError),
        *((status, b"", LATER, errors.TryLaterError) for status in (408, 425, 429, 502, 503, 504)),
        *((status, envelope("x"), RETRY_LIMITED, errors.TryLaterError) for status in (500, 501, 505, 507, 520, 599)),
        *((status, b"", STOP, errors.ConfigurationError) for status in (301, 302, 303, 304, 307, 308)),
        *((status, b"", STOP, errors.ConfigurationError) for status in (201, 202, 204, 402, 405, 406, 415, 418)),
    ],
)
def test_an_answer_decides_the_next_state_of_a_day(
    status: int, body: bytes, meaning: Meaning, error: type[errors.DevtelError]
) -> None:
    answer = classified(status, body)
    assert (answer.meaning, answer.error, answer.status) == (meaning, error, status)
    assert answer.sentence == "" if meaning is STORED else answer.sentence.startswith("host:8080 ")


def test_no_answer_is_tried_again() -> None:
    answer = no_answer("host:8080", "connection refused")
    assert (answer.meaning, answer.error, answer.status) == (LATER, errors.UnavailableError, 0)
    assert "connection refused" in answer.sentence


def test_a_success_carries_its_data() -> None:
    assert classified(200, b'{"success":true,"data":{"erased":3}}').data == {"erased": 3}


def test_a_wrong_connection_and_a_wrong_address_are_distinguished() -> None:
    assert (
        "no such connection (404: connection 7 not found)"
        in classified(404, envelope("connection 7 not found")).sentence
    )
    assert "the plugin is not installed" in classified(404, b"404 page not found").sentence


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (envelope("plain"), ": plain)"),
        (envelope("dump\nof\nmany lines"), ": dump)"),
        (envelope("\n\n  indented\nmore"), ": indented)"),
        (envelope("long dump", ["the clean part", "x"]), ": the clean part)"),
        (envelope("message", []), ": message)"),
        (envelope("a\x1b[2Jb\x07\tc\x9b31m"), ": a [2Jb c 31m)"),
        (envelope("right\u202eleft"), ": right left)"),
        (envelope("lone \ud800"), ": lone)"),
        (envelope("x" * 5000), f": {'x' * (MAX_REASON - 1)}…)"),
        (envelope("a" * 300 + "\n" + "dump " * 10_000), f": {'a' * (MAX_REASON - 1)}…)"),
        (envelope(""), "(400)"),
        (envelope(None), "(400)"),
        (envelope({"a": 1}), "(400)"),
        (envelope("message", [{"a": 1}]), "(400)"),
        (b'"text"', "(400)"),
        (HTML, "(400)"),
        (b"\xff\xfe", "(400)"),
    ],
)
def test_the_reason_is_one_short_printable_line(body: bytes, shown: str) -> None:
    sentence = classified(400, body).sentence
    assert shown in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize("status", [*sorted(PASSING), 500])
@pytest.mark.parametrize(
    ("value", "wait"), [("120", 120.0), (" 7 ", 7.0), ("0", 0.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("1.5", 0.0)]
)
def test_retry_after_of_a_passing_error_is_honoured(status: int, value: str, wait: float) -> None:
    assert classified(status, retry_after=value).wait == wait


def test_retry_after_may_be_a_date() -> None:
    then = email.utils.formatdate(time.time() + 3600, usegmt=True)
    assert 3500 < classified(503, retry_after=then).wait <= 3600
    assert classified(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT").wait == 0.0


@pytest.mark.parametrize("value", ["²", "٣", "9" * 5000, "Mon, 99 Foo 99999 99:99:99 GMT", "1, 2", "0" * 400])
def test_an_odd_time_to_wait_never_raises(value: str) -> None:
    assert 0.0 <= classified(503, retry_after=value).wait < 1e9


def test_an_answer_without_headers_asks_for_no_time() -> None:
    assert classified(503).wait == 0.0


@given(st.integers(200, 599), st.text(), st.binary() | st.text().map(lambda text: envelope(text, [text])))
def test_no_answer_raises_or_draws_on_the_terminal(status: int, value: str, body: bytes) -> None:
    answer = classify(status, {"retry-after": value}, body, "host")
    assert answer.sentence.isprintable()
    assert len(answer.sentence) < 500
    assert answer.wait >= 0


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text() | st.none()) | st.just({"a": [1]})


@given(
    st.dictionaries(st.sampled_from(["message", "causes", "success", "data"]), VALUES),
    st.sampled_from([200, 400, 404, 500]),
)
def test_only_a_true_success_is_one(body: dict[str, Any], status: int) -> None:
    stored = classified(status, json.dumps(body).encode()).meaning is STORED
    assert stored == (status == 200 and body.get("success") is True)

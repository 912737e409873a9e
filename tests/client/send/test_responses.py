"""What an answer means: every row of the table in docs/report-endpoint.md, and what else a network may say."""

import email.utils
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli import errors
from devtelemetry_cli.client.send.responses import MAX_SHOWN, PASSING, Answer, Meaning, no_answer, understand

STORED, AGAIN, PERHAPS = Meaning.STORED, Meaning.AGAIN, Meaning.PERHAPS
REFUSED, LATER, STOP = Meaning.REFUSED, Meaning.LATER, Meaning.STOP
HTML = b"<!DOCTYPE html><html><title>Sign in</title></html>"


def says(message: Any = "", causes: Any = None, *, success: object = False) -> bytes:
    return json.dumps({"code": 0, "success": success, "message": message, "causes": causes, "data": None}).encode()


def understood(status: int, body: bytes = b"", **headers: str) -> Answer:
    return understand(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, "host:8080")


@pytest.mark.parametrize(
    ("status", "body", "meaning", "error"),
    [
        (200, says("telemetry data received successfully", success=True), STORED, errors.DevtelError),
        (200, HTML, LATER, errors.UnavailableError),
        (200, b"", LATER, errors.UnavailableError),
        (200, b"null", LATER, errors.UnavailableError),
        (200, b"[" * 100_000, LATER, errors.UnavailableError),
        (200, says("no", success=False), LATER, errors.UnavailableError),
        (200, says(success="true"), LATER, errors.UnavailableError),
        (200, says(success=1), LATER, errors.UnavailableError),
        (200, b'[{"success":true}]', LATER, errors.UnavailableError),
        (400, says("developer is required"), REFUSED, errors.DataRefusedError),
        (400, HTML, REFUSED, errors.DataRefusedError),
        (400, says("Error 1062: Duplicate entry 'x' for key"), AGAIN, errors.TryLaterError),
        (401, says("token is missing"), STOP, errors.KeyRefusedError),
        (403, says("api key is expired"), STOP, errors.KeyRefusedError),
        (403, HTML, STOP, errors.KeyRefusedError),
        (404, says("connection 7 not found (404)"), STOP, errors.ConfigurationError),
        (404, b"404 page not found", STOP, errors.ConfigurationError),
        (410, b"", REFUSED, errors.DataRefusedError),
        (413, b"<html>413 Request Entity Too Large</html>", REFUSED, errors.DataRefusedError),
        (422, says("what"), REFUSED, errors.DataRefusedError),
        (428, says("migration"), LATER, errors.TryLaterError),
        *((status, b"", LATER, errors.TryLaterError) for status in (408, 425, 429, 502, 503, 504)),
        *((status, says("x"), PERHAPS, errors.TryLaterError) for status in (500, 501, 505, 507, 520, 599)),
        *((status, b"", STOP, errors.ConfigurationError) for status in (301, 302, 303, 304, 307, 308)),
        *((status, b"", STOP, errors.ConfigurationError) for status in (201, 202, 204, 402, 405, 406, 415, 418)),
    ],
)
def test_an_answer_decides_what_becomes_of_a_day(
    status: int, body: bytes, meaning: Meaning, error: type[errors.DevtelError]
) -> None:
    answer = understood(status, body)
    assert (answer.meaning, answer.error, answer.status) == (meaning, error, status)
    assert answer.sentence == "" if meaning is STORED else answer.sentence.startswith("host:8080 ")


def test_no_answer_is_tried_again() -> None:
    answer = no_answer("host:8080", "connection refused")
    assert (answer.meaning, answer.error, answer.status) == (LATER, errors.UnavailableError, 0)
    assert "connection refused" in answer.sentence


def test_a_success_carries_its_data() -> None:
    assert understood(200, b'{"success":true,"data":{"erased":3}}').data == {"erased": 3}


def test_a_wrong_connection_and_a_wrong_address_are_told_apart() -> None:
    assert (
        "no such connection (404: connection 7 not found)" in understood(404, says("connection 7 not found")).sentence
    )
    assert "the plugin is not installed" in understood(404, b"404 page not found").sentence


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (says("plain"), ": plain)"),
        (says("dump\nof\nmany lines"), ": dump)"),
        (says("\n\n  indented\nmore"), ": indented)"),
        (says("long dump", ["the clean part", "x"]), ": the clean part)"),
        (says("message", []), ": message)"),
        (says("a\x1b[2Jb\x07\tc\x9b31m"), ": a [2Jb  c 31m)"),
        (says("right\u202eleft"), ": right left)"),
        (says("lone \ud800"), ": lone  )"),
        (says("x" * 5000), f": {'x' * MAX_SHOWN})"),
        (says("a" * 300 + "\n" + "dump " * 10_000), f": {'a' * MAX_SHOWN})"),
        (says(""), "(400)"),
        (says(None), "(400)"),
        (says({"a": 1}), "(400)"),
        (says("message", [{"a": 1}]), "(400)"),
        (b'"text"', "(400)"),
        (HTML, "(400)"),
        (b"\xff\xfe", "(400)"),
    ],
)
def test_the_reason_is_one_short_printable_line(body: bytes, shown: str) -> None:
    sentence = understood(400, body).sentence
    assert shown in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize("status", [*PASSING, 500])
@pytest.mark.parametrize(
    ("value", "wait"), [("120", 120.0), (" 7 ", 7.0), ("0", 0.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("1.5", 0.0)]
)
def test_the_seconds_that_an_endpoint_asks_for_are_waited(status: int, value: str, wait: float) -> None:
    assert understood(status, retry_after=value).wait == wait


def test_a_date_to_come_back_at_is_the_seconds_until_then() -> None:
    then = email.utils.formatdate(time.time() + 3600, usegmt=True)
    assert 3500 < understood(503, retry_after=then).wait <= 3600
    assert understood(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT").wait == 0.0


@pytest.mark.parametrize("value", ["²", "٣", "9" * 5000, "Mon, 99 Foo 99999 99:99:99 GMT", "1, 2", "0" * 400])
def test_an_odd_time_to_wait_never_raises(value: str) -> None:
    assert 0.0 <= understood(503, retry_after=value).wait < 1e9


def test_an_answer_without_headers_asks_for_no_time() -> None:
    assert understood(503).wait == 0.0


@given(st.integers(200, 599), st.text(), st.binary() | st.text().map(lambda text: says(text, [text])))
def test_no_answer_raises_or_draws_on_the_terminal(status: int, value: str, body: bytes) -> None:
    answer = understand(status, {"retry-after": value}, body, "host")
    assert answer.sentence.isprintable()
    assert len(answer.sentence) < 500
    assert answer.wait >= 0


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text() | st.none()) | st.just({"a": [1]})


@given(
    st.dictionaries(st.sampled_from(["message", "causes", "success", "data"]), VALUES),
    st.sampled_from([200, 400, 404, 500]),
)
def test_only_a_true_success_is_one(body: dict[str, Any], status: int) -> None:
    stored = understood(status, json.dumps(body).encode()).meaning is STORED
    assert stored == (status == 200 and body.get("success") is True)

"""One client: paging, retries with backoff and Retry-After, a rate limit, and every fault as one sentence."""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from devtelemetry_cli.devlake.api import errors, queries
from devtelemetry_cli.devlake.api.client import MAX_BYTES, new_client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.api.remote_scopes import Walk
from devtelemetry_cli.devlake.api.retry import Clock, Policy
from tests.helpers.devlake_operator import NOW, FakeClock, Operator, client
from tests.helpers.fake_devlake import DUMP
from tests.helpers.fake_devlake_server import KEY, MIGRATING, FakeServer


def _fault(devlake: FakeServer, status: int, body: object = b"", **more: object) -> ApiError:
    devlake.fail("GET /plugins$", status, body, times=99, **more)
    with client(devlake, tries=2) as reader, pytest.raises(ApiError) as caught:
        reader.get("/plugins")
    return caught.value


SHAPES = [
    (500, b"", 75, "DevLake could not do GET /plugins (500) without a reason."),
    (400, {"message": "bad" + DUMP, "causes": None}, 1, "DevLake refused GET /plugins (400): bad."),
    (400, {"message": "bad" + DUMP, "causes": ["the name", "its length"]}, 1, "its length (the name)"),
    (400, {"message": 7, "causes": [None]}, 1, "(400) without a reason"),
    (404, b"404 page not found", 78, "DevLake has no GET /plugins."),
    (404, {"message": "connection 7 not found (404)"}, 1, "(404): connection 7 not found."),
    (401, {"message": "token is missing"}, 77, "DevLake requires an API key."),
    (403, {"message": "api key has expired"}, 77, "api key has expired"),
    (401, {"code": 401, "message": "authentication failed" + DUMP, "causes": None}, 1, "(401): authentication failed."),
    (403, {"code": 403, "message": "no", "causes": ["Resource not accessible"]}, 1, "(403): Resource not accessible."),
    (403, b"<html>Forbidden</html>", 77, "refused the key for GET /plugins."),
    (428, {"message": "New migration scripts detected"}, 75, "Confirm it in config-ui"),
    (428, {"message": MIGRATING}, 75, "DevLake is migrating its database. Try again when that has ended."),
    (500, [], 75, "DevLake could not do GET /plugins (500) without a reason."),
    (302, b"", 78, "a redirect"),
    (413, b"<html>Request Entity Too Large</html>", 1, "(413) without a reason"),
    (200, b"<html>Sign in</html>", 78, "is not DevLake's: it is not JSON"),
    (200, b"[" * 100_000, 78, "it is not JSON"),
]


@pytest.mark.parametrize(("status", "body", "code", "sentence"), SHAPES)
def test_every_error_shape_becomes_one_sentence(
    devlake: FakeServer, status: int, body: object, code: int, sentence: str
) -> None:
    fault = _fault(devlake, status, body)
    assert sentence in str(fault)
    assert "\n" not in str(fault)
    assert "goroutine" not in str(fault)
    assert fault.exit_code == code


def test_a_long_cause_is_capped_and_cannot_draw_on_the_terminal(devlake: FakeServer) -> None:
    fault = _fault(devlake, 400, {"causes": ["\x1b[31m" + "x" * 5000]})
    assert len(str(fault)) < 400
    assert "\x1b" not in str(fault)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 0])
def test_temporary_failures_are_retried(devlake: FakeServer, status: int) -> None:
    devlake.fail("GET /plugins$", status, times=2)
    with client(devlake) as reader:
        assert reader.get("/plugins")
        assert (reader.attempts, reader.errors) == (3, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 428])
def test_permanent_failures_are_not_retried(devlake: FakeServer, status: int) -> None:
    _fault(devlake, status)
    assert devlake.count("GET /plugins$") == 1


def test_a_slow_server_is_given_up_in_time(devlake: FakeServer) -> None:
    devlake.fail("GET /plugins$", 200, b"[]", times=9, seconds=0.3)
    with client(devlake, tries=2, timeout=0.05) as reader, pytest.raises(ApiError, match="it took too long") as caught:
        reader.get("/plugins")
    assert caught.value.exit_code == 69


def test_an_answer_that_comes_in_drops_is_given_up_in_time(devlake: FakeServer) -> None:
    devlake.fail("GET /plugins$", 200, b"[" + b" " * 98 + b"]", drip=0.05)
    policy = Policy(tries=1, timeout=0.2)
    with new_client(devlake.url, "", policy, Clock()) as reader, pytest.raises(ApiError, match="it took too long"):
        reader.get("/plugins")


def test_an_answer_beyond_all_measure_is_not_read_to_its_end(devlake: FakeServer) -> None:
    devlake.fail("GET /plugins$", 200, b" " * (MAX_BYTES + 1))
    with client(devlake, tries=1) as reader, pytest.raises(ApiError, match="larger than 64 MiB"):
        reader.get("/plugins")


def test_a_redirect_is_not_followed(devlake: FakeServer) -> None:
    _fault(devlake, 302, headers={"Location": f"{devlake.url}/projects"})
    assert devlake.count("GET /projects") == 0


def test_retry_after_is_honoured_in_seconds(devlake: FakeServer) -> None:
    clock = FakeClock()
    devlake.fail("GET /plugins$", 429, headers={"Retry-After": "7"})
    with client(devlake, clock=clock) as reader:
        reader.get("/plugins")
    assert clock.waits == [7.0]


def test_retry_after_is_honoured_as_a_date(devlake: FakeServer) -> None:
    clock = FakeClock()
    date = format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)
    devlake.fail("GET /plugins$", 503, headers={"Retry-After": date})
    with client(devlake, clock=clock) as reader:
        reader.get("/plugins")
    assert clock.waits == [90.0]


def test_a_retry_after_without_measure_is_capped() -> None:
    assert Policy().pause(1, 9e8) == 300


def test_pauses_double_up_to_their_limit() -> None:
    policy = Policy(first_pause=1, longest_pause=8)
    for failures, most in enumerate((1, 2, 4, 8, 8, 8)):
        assert most / 2 <= policy.pause(failures, None) <= most


def test_a_request_that_must_not_happen_twice_is_not_repeated(devlake: FakeServer) -> None:
    devlake.fail("POST /thing$", 500)
    with client(devlake) as writer, pytest.raises(ApiError):
        writer.write("POST", "/thing", {}, repeatable=False)
    assert devlake.count("POST /thing$") == 1


def test_a_request_that_was_not_executed_is_repeated(devlake: FakeServer) -> None:
    devlake.fail("POST /thing$", 429)
    devlake.fail("POST /thing$", 200, {})
    with client(devlake) as writer:
        writer.write("POST", "/thing", {}, repeatable=False)
    assert devlake.count("POST /thing$") == 2


def test_a_failed_connection_attempt_does_not_allow_a_second_execution(devlake: FakeServer) -> None:
    devlake.fail("POST /thing$", 500, times=9)
    with client(devlake) as writer:
        here, writer.root = writer.root, "http://127.0.0.1:9"
        writer.clock = replace(writer.clock, wait=lambda _seconds: setattr(writer, "root", here))
        with pytest.raises(ApiError):
            writer.write("POST", "/thing", {}, repeatable=False)
    assert (writer.attempts, devlake.count("POST /thing$")) == (2, 1)


def test_no_more_requests_go_in_a_second_than_are_allowed(devlake: FakeServer) -> None:
    clock = FakeClock()
    with client(devlake, clock=clock, rate=4.0) as reader:
        for _ in range(9):
            reader.get("/plugins")
    assert clock.now - NOW == pytest.approx(2.0)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_list_is_read_to_its_end(devlake: FakeServer, count: int) -> None:
    for number in range(count):
        devlake.lake.blueprint(f"project {number}")
    with client(devlake) as reader:
        assert len(list(reader.pages("/projects", "projects", 100))) == count
    assert len(devlake.requests) == max(1, -(-count // 100))


def test_a_list_without_a_count_is_read_to_its_end(devlake: FakeServer) -> None:
    for things in ([1, 2], [3, 4], []):
        devlake.fail("GET /things", 200, {"things": [{"id": number} for number in things]})
    with client(devlake) as reader:
        assert len(list(reader.pages("/things", "things", 2))) == 4


def test_a_list_whose_pages_are_all_the_same_is_an_error(devlake: FakeServer) -> None:
    devlake.fail("GET /things", 200, {"things": [{"id": 1}, {"id": 2}]}, times=9)
    with client(devlake) as reader, pytest.raises(ApiError, match="a page repeats the one before"):
        list(reader.pages("/things", "things", 2))
    assert len(devlake.requests) == 2


def test_a_500_in_the_middle_of_a_page_walk_costs_one_request_more(devlake: FakeServer) -> None:
    for number in range(5):
        devlake.lake.blueprint(f"project {number}")
    devlake.fail("GET /projects.*page=2", 500)
    with client(devlake) as reader:
        assert len(list(reader.pages("/projects", "projects", 2))) == 5
    assert len(devlake.requests) == 4


@pytest.mark.parametrize("body", [{"projects": 7}, {"projects": [1]}, {"projects": {}}])
def test_a_page_of_another_form_is_an_error(devlake: FakeServer, body: object) -> None:
    devlake.fail("GET /projects", 200, body)
    with client(devlake) as reader, pytest.raises(ApiError, match="a list was expected"):
        list(reader.pages("/projects", "projects", 2))


@pytest.mark.parametrize("body", [[], None, {}, {"projects": None}])
def test_null_is_an_empty_list(devlake: FakeServer, body: object) -> None:
    devlake.fail("GET /projects", 200, body)
    with client(devlake) as reader:
        assert list(reader.pages("/projects", "projects", 2)) == []


def test_the_key_goes_with_every_request_and_is_never_printed(devlake: FakeServer) -> None:
    devlake.wants_key = True
    with client(devlake, KEY) as reader:
        assert reader.get("/plugins")
        assert KEY not in repr(reader)


def test_only_errors_that_concern_all_requests_are_fatal() -> None:
    def is_fatal(status: int, body: bytes = b"") -> bool:
        return errors.from_response("GET /x", status, body, has_key=True).is_fatal

    assert [is_fatal(status) for status in (401, 403, 428, 302)] == [True] * 4
    assert [is_fatal(status) for status in (400, 404, 500, 429)] == [False] * 4


def test_a_migration_that_waits_ends_a_command_with_75(devlake: FakeServer, operator: Operator) -> None:
    devlake.fail("GET /plugins$", 428, {"message": "New migration scripts detected"})
    done = operator.call("discover")
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr == (
        "devtel: DevLake waits for its database migration. Confirm it in config-ui, then try again.\n"
    )


@pytest.mark.parametrize("key", ["", KEY])
def test_a_database_that_is_away_ends_a_command_with_75_and_is_not_taken_for_an_empty_one(
    devlake: FakeServer, key: str
) -> None:
    devlake.lake.connect("github")
    devlake.has_database = False
    with pytest.raises(ApiError) as caught, client(devlake, key, tries=2) as reader:
        list(queries.chosen(reader, (), lambda _name: True))
    assert caught.value.exit_code == 75


def test_answers_for_which_a_service_is_asked_are_waited_for_longer(devlake: FakeServer) -> None:
    devlake.lake.repository("github", devlake.lake.connect("github"), "acme/api")
    devlake.fail("GET .*remote-scopes", 200, {"children": []}, seconds=0.5)
    with client(devlake, tries=1, timeout=0.2, remote_timeout=5.0) as reader:
        assert list(Walk(reader, Connection("github", 1, ""))) == []

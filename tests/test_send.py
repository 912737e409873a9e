"""devtel flush against every kind of endpoint: the right exit code, nothing lost, nothing counted twice."""

import hashlib
import json
import os
import signal
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path

import pexpect
import pytest

from tests.helpers.developer import DEVTEL, Developer, wait_for
from tests.helpers.report_endpoint import HANG, STORED, TRICKLE, Answer, Endpoint, Request, listening, refusal

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def reporter(developer: Developer, endpoint: Endpoint) -> Developer:
    """A developer who agreed to report to the endpoint, with one run of yesterday."""
    developer.project_file(endpoint.url)
    developer.grant()
    developer.add_runs(YESTERDAY)
    return developer


def flush(developer: Developer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A flush as a user calls it: no pause holds it back, and it prints its results."""
    return developer.devtel("flush", "--verbose", *arguments)


def entry(developer: Developer, day: date = YESTERDAY) -> dict[str, object]:
    (file,) = developer.state.glob(f"ledger/*/*/{day}.json")
    kept: dict[str, object] = json.loads(file.read_text())
    return kept


def test_a_day_is_sent_once_and_then_there_is_nothing_to_send(reporter: Developer, endpoint: Endpoint) -> None:
    first, second = flush(reporter), flush(reporter)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "sent to 127.0.0.1" in first.stderr
    assert "nothing to send" in second.stderr
    assert [request.date for request in endpoint.requests] == [YESTERDAY.isoformat()]


def test_under_cron_a_flush_prints_nothing(reporter: Developer, endpoint: Endpoint) -> None:
    bare = {"HOME": reporter.environ["HOME"], "DEVTEL_HOME": reporter.environ["DEVTEL_HOME"], "PATH": "/usr/bin:/bin"}
    done = reporter.devtel("flush", env=bare, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(endpoint.requests) == 1


def test_under_cron_a_failure_prints_nothing_and_status_shows_it(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(401, refusal("token is missing"))
    done = reporter.devtel("flush")
    assert (done.returncode, done.stdout, done.stderr) == (77, "", "")
    assert "requires a token" in str(reporter.status()["last_error"])


def test_the_preview_is_what_the_wire_carries_byte_for_byte(reporter: Developer, endpoint: Endpoint) -> None:
    preview = reporter.devtel("flush", "--dry-run").stdout
    assert endpoint.requests == []
    flush(reporter)
    assert preview.encode() == endpoint.requests[0].body + b"\n"
    assert entry(reporter)["sha256"] == hashlib.sha256(endpoint.requests[0].body).hexdigest()


def test_a_quiet_dry_run_prints_only_the_bytes(reporter: Developer) -> None:
    normal, quiet = (reporter.devtel("flush", "--dry-run", *flags) for flags in ([], ["--quiet"]))
    assert (quiet.stdout, quiet.stderr) == (normal.stdout, "")
    assert " bytes\n" in normal.stderr


def test_a_dry_run_changes_nothing(reporter: Developer) -> None:
    before = {file: (reporter.state / file).read_bytes() for file in reporter.kept()}
    reporter.devtel("flush", "--dry-run")
    assert {file: (reporter.state / file).read_bytes() for file in reporter.kept()} == before


TABLE = [
    (Answer(200, "<html>Please log in</html>"), 69, "later", "login or proxy page"),
    (Answer(200, '{"success": false}'), 69, "later", "not as a report endpoint"),
    (Answer(204, ""), 78, "later", "204"),
    (Answer(301, "", {"Location": "http://elsewhere/"}), 78, "later", "redirects"),
    (Answer(307, "", {"Location": "http://elsewhere/"}), 78, "later", "redirects"),
    (Answer(400, refusal("dump\nof\nlines", "active_hours: wrong")), 65, "refused", "active_hours: wrong"),
    (Answer(401, refusal("token is missing")), 77, "later", "devtel token set"),
    (Answer(403, refusal("token is invalid")), 77, "later", "token is invalid"),
    (Answer(404, refusal("connection 1 not found (404)")), 78, "later", "no such connection"),
    (Answer(404, "404 page not found"), 78, "later", "plugin is not installed"),
    (Answer(408, ""), 75, "later", "cannot take reports now"),
    (Answer(410, refusal("forgotten")), 65, "refused", "forgotten"),
    (Answer(413, "<html>too large</html>"), 65, "refused", "413"),
    (Answer(425, ""), 75, "later", "425"),
    (Answer(428, refusal("migration")), 75, "later", "migration is pending"),
    (Answer(429, ""), 75, "later", "429"),
    (Answer(500, refusal("boom")), 75, "later", "internal error"),
    (Answer(502, "<html>bad gateway</html>"), 75, "later", "502"),
    (Answer(503, ""), 75, "later", "503"),
    (Answer(504, ""), 75, "later", "504"),
]


@pytest.mark.parametrize(("answer", "code", "state", "words"), TABLE, ids=[f"{a.status}-{s}" for a, _, s, _ in TABLE])
def test_every_answer_has_its_exit_code_and_its_sentence(
    reporter: Developer, endpoint: Endpoint, answer: Answer, code: int, state: str, words: str
) -> None:
    endpoint.otherwise = answer
    done = flush(reporter)
    assert (done.returncode, entry(reporter)["state"]) == (code, state)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "answer", [Answer(401, ""), Answer(404, "404 page not found"), Answer(503), Answer(200, "<p>")]
)
def test_an_unsent_day_is_sent_once_the_endpoint_works_again(
    reporter: Developer, endpoint: Endpoint, answer: Answer
) -> None:
    endpoint.script = [answer]
    flush(reporter)
    assert flush(reporter).returncode == 0
    assert entry(reporter)["state"] == "sent"
    assert reporter.status()["last_error"] is None


def test_a_refused_day_does_not_hold_back_the_others(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(TODAY)
    endpoint.script = [Answer(400, refusal("no"))]
    done = flush(reporter)
    assert done.returncode == 65
    assert [request.date for request in endpoint.requests] == [YESTERDAY.isoformat(), TODAY.isoformat()]
    assert reporter.status()["days_refused"] == [YESTERDAY.isoformat()]


def test_a_refused_day_is_not_tried_again_until_it_changes(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.script = [Answer(400, refusal("no"))]
    flush(reporter)
    flush(reporter)
    assert len(endpoint.requests) == 1
    reporter.add_runs(YESTERDAY)
    flush(reporter)
    assert entry(reporter)["state"] == "sent"


def test_a_key_that_is_refused_stops_the_visit_at_once(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(TODAY)
    endpoint.otherwise = Answer(403, "")
    flush(reporter)
    assert len(endpoint.requests) == 1


def test_a_report_that_raced_with_another_is_sent_once_more(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.script = [Answer(400, refusal("Error 1062: Duplicate entry"))]
    assert flush(reporter).returncode == 0
    assert len(endpoint.requests) == 2


def fail_on_yesterday(reporter: Developer, endpoint: Endpoint) -> None:
    """One visit in which the endpoint fails on yesterday's report and stores today's."""
    reporter.add_runs(TODAY)
    endpoint.script = [Answer(500, refusal("boom")), Answer()]
    flush(reporter)


def test_a_day_that_alone_gets_internal_errors_is_refused_after_several_tries_over_a_day(
    reporter: Developer, endpoint: Endpoint
) -> None:
    for _ in range(4):
        fail_on_yesterday(reporter, endpoint)
    assert entry(reporter)["state"] == "later"
    (file,) = reporter.state.glob(f"ledger/*/*/{YESTERDAY}.json")
    file.write_text(json.dumps({**entry(reporter), "first_try": time.time() - 31 * 3600}))
    fail_on_yesterday(reporter, endpoint)
    assert entry(reporter)["state"] == "refused"
    assert "internal error (500: boom) for this day while it stored others" in str(entry(reporter)["answer"])


def test_an_endpoint_whose_database_is_away_refuses_no_day(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(TODAY)
    endpoint.otherwise = Answer(500, refusal("boom"))
    for _ in range(5):
        flush(reporter)
    assert (entry(reporter)["state"], entry(reporter)["tries"], entry(reporter)["first_try"]) == ("later", 0, 0)
    (status,) = reporter.state.glob("ledger/*/*/endpoint.json")
    assert json.loads(status.read_text())["failures"] == 5, "the whole endpoint is tried again later"
    endpoint.otherwise = Answer()
    assert flush(reporter).returncode == 0
    assert reporter.status()["days_refused"] == []


def test_a_changed_day_is_sent_again_whole_with_a_higher_revision(reporter: Developer, endpoint: Endpoint) -> None:
    flush(reporter)
    reporter.add_runs(YESTERDAY, 2)
    flush(reporter)
    first, second = (json.loads(request.body)["metrics"] for request in endpoint.requests)
    assert (first["commands"], second["commands"]) == ({"make test": 1}, {"make test": 3})
    assert first["revision"] < second["revision"]


def test_a_day_that_lost_records_is_frozen_and_never_sent_smaller(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(YESTERDAY, 2)
    flush(reporter)
    (journal,) = reporter.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    journal.write_bytes(journal.read_bytes()[:-200])
    assert flush(reporter).returncode == 0
    assert len(endpoint.requests) == 1
    assert reporter.status()["days_frozen"] == [YESTERDAY.isoformat()]


def test_a_day_older_than_thirty_days_is_not_sent_again(reporter: Developer, endpoint: Endpoint) -> None:
    old = TODAY - timedelta(days=31)
    reporter.add_runs(old)
    flush(reporter)
    reporter.add_runs(old)
    flush(reporter)
    assert [request.date for request in endpoint.requests].count(old.isoformat()) == 1


def test_a_day_that_could_not_be_sent_for_ninety_days_expires_and_is_counted(
    reporter: Developer, endpoint: Endpoint
) -> None:
    old = TODAY - timedelta(days=91)
    reporter.add_runs(old)
    flush(reporter)
    assert old.isoformat() not in [request.date for request in endpoint.requests]
    assert reporter.status()["days_expired"] == [old.isoformat()]


def test_acknowledged_days_go_after_the_time_they_are_kept(reporter: Developer) -> None:
    old = TODAY - timedelta(days=401)
    reporter.add_runs(old)
    flush(reporter)
    assert not list(reporter.state.glob(f"journal/*/*/{old}.jsonl"))
    assert list(reporter.state.glob(f"journal/*/*/{YESTERDAY}.jsonl"))


def test_after_a_failure_cron_waits_and_a_person_does_not(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(503, headers={"Retry-After": "3600"})
    reporter.devtel("flush")
    reporter.devtel("flush")
    assert len(endpoint.requests) == 1
    flush(reporter)
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("asked", ["3600", "999999999"])
def test_a_pause_is_as_long_as_asked_but_never_over_six_hours(
    reporter: Developer, endpoint: Endpoint, asked: str
) -> None:
    endpoint.otherwise = Answer(503, headers={"Retry-After": asked})
    before = time.time()
    flush(reporter)
    (file,) = reporter.state.glob("ledger/*/*/endpoint.json")
    wait = json.loads(file.read_text())["next_try"] - before
    assert 3599 <= wait <= 6 * 3600 + 60


def test_a_pause_from_a_clock_that_was_ahead_holds_nothing_back(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.script = [Answer(503)]
    reporter.devtel("flush")
    (file,) = reporter.state.glob("ledger/*/*/endpoint.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "next_try": time.time() + 7 * 86400}))
    assert reporter.devtel("flush").returncode == 0
    assert len(endpoint.requests) == 2


def test_an_endpoint_that_is_not_there_is_tried_later(developer: Developer) -> None:
    developer.grant()
    developer.add_runs(YESTERDAY)
    done = flush(developer)
    assert done.returncode == 69
    assert "does not answer" in done.stderr
    assert entry(developer)["state"] == "later"


@pytest.mark.parametrize("behaviour", [HANG, TRICKLE])
def test_an_endpoint_that_does_not_finish_holds_a_flush_no_longer_than_its_deadline(
    reporter: Developer, endpoint: Endpoint, behaviour: str
) -> None:
    endpoint.otherwise = Answer(body=behaviour)
    before = time.monotonic()
    done = flush(reporter, "--deadline", "1.5")
    assert time.monotonic() - before < 25  # the endpoint would hold it for a minute
    assert done.returncode == 69
    assert "took too long" in done.stderr


def test_an_answer_without_end_is_read_only_in_part(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(body=STORED[:-1] + " " * 300_000 + "}")
    assert flush(reporter).returncode == 69


def test_a_second_flush_ends_at_once(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(body=HANG)
    first = subprocess.Popen([DEVTEL, "flush", "--deadline", "20"], cwd=reporter.project, env=reporter.environ)
    wait_for(lambda: endpoint.requests)
    second = flush(reporter)
    first.kill()
    first.wait(20)
    assert second.returncode == 75
    assert "Another flush is running" in second.stderr
    assert len(endpoint.requests) == 1


def test_the_next_flush_completes_one_that_was_killed(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.script = [Answer(body=HANG)]
    first = subprocess.Popen([DEVTEL, "flush"], cwd=reporter.project, env=reporter.environ)
    wait_for(lambda: endpoint.requests)
    os.kill(first.pid, signal.SIGKILL)
    first.wait(20)
    assert flush(reporter).returncode == 0
    assert endpoint.requests[0].body == endpoint.requests[1].body


def test_only_the_grant_decides_what_leaves(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.devtel("consent", "local")
    assert flush(reporter).returncode == 0
    reporter.devtel("consent", "grant")
    flush(reporter)
    assert endpoint.requests == []


@pytest.mark.parametrize("switch", ["DEVTEL_DISABLED", "DO_NOT_TRACK", "CI"])
def test_a_switch_keeps_a_flush_from_sending(reporter: Developer, endpoint: Endpoint, switch: str) -> None:
    reporter.environ[switch] = "1"
    assert flush(reporter).returncode == 0
    assert endpoint.requests == []


def test_a_damaged_config_sends_nothing_and_is_reported(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.config.write_text("[[")
    done = flush(reporter)
    assert done.returncode == 78
    assert "cannot be used: it is not TOML" in done.stderr
    assert endpoint.requests == []


@pytest.mark.parametrize("damage", [b"", b"{", b'{"date": 3}', b"\xff\xfe", b"[]"])
def test_a_damaged_ledger_only_means_that_a_day_is_sent_again(
    reporter: Developer, endpoint: Endpoint, damage: bytes
) -> None:
    flush(reporter)
    (file,) = reporter.state.glob(f"ledger/*/*/{YESTERDAY}.json")
    file.write_bytes(damage)
    assert flush(reporter).returncode == 0
    assert endpoint.requests[0].body == endpoint.requests[1].body


def test_the_readable_part_of_a_damaged_journal_is_sent(reporter: Developer, endpoint: Endpoint) -> None:
    (journal,) = reporter.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    journal.write_bytes(b"\x00noise" + journal.read_bytes() + b'\n{"v":1,"event":"sta')
    assert flush(reporter).returncode == 0
    assert json.loads(endpoint.requests[0].body)["metrics"]["commands"] == {"make test": 1}


def test_a_token_is_sent_to_its_destination_only(reporter: Developer, endpoint: Endpoint) -> None:
    assert reporter.devtel("token", "set", input="s3cret\n").returncode == 0
    with listening() as other:
        reporter.project_file(other.url)
        reporter.grant()
        reporter.makefile("impl-work:\n\t@true")
        reporter.make("work")
        flush(reporter)
        assert other.requests
        assert "authorization" not in other.requests[0].headers
    assert endpoint.requests[0].headers["authorization"] == "Bearer s3cret"


def test_a_token_from_the_environment_goes_to_the_only_destination(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.environ["DEVTEL_TOKEN"] = "from-environment"
    flush(reporter)
    assert endpoint.requests[0].headers["authorization"] == "Bearer from-environment"


def test_a_token_is_never_shown_or_taken_from_the_command_line(reporter: Developer) -> None:
    done = reporter.devtel("token", "set", "s3cret")
    assert done.returncode == 2
    reporter.devtel("token", "set", input="s3cret\n")
    printed = [reporter.devtel("status", "--json").stdout, reporter.devtel("flush", "--dry-run").stderr]
    assert "s3cret" not in "".join(printed)
    (kept,) = reporter.state.glob("tokens/*")
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "\n", "two words", "caf\u00e9", "a" * 5000])
def test_an_invalid_token_is_refused(reporter: Developer, text: str) -> None:
    done = reporter.devtel("token", "set", input=text)
    assert done.returncode == 78
    assert "Not a valid token" in done.stderr


def test_a_token_may_come_from_a_file_or_a_command(reporter: Developer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    assert reporter.devtel("token", "set", "--file", str(tmp_path / "token")).returncode == 0
    assert reporter.devtel("token", "set", "--command", "echo from-command").returncode == 0
    (kept,) = reporter.state.glob("tokens/*")
    assert kept.read_text() == "from-command"


@pytest.mark.parametrize("source", ["file", "command", "standard input"])
def test_a_token_as_another_system_saves_it_is_taken_or_its_encoding_named(reporter: Developer, source: str) -> None:
    file = reporter.folder / "token"
    arguments = {"file": ["--file", str(file)], "command": ["--command", f"cat {file}"]}.get(source, [])
    for encoding, code in (("utf-8-sig", 0), ("utf-16", 78), ("latin-1", 78)):
        file.write_bytes("s3cret\r\n".encode(encoding) + (b"\xe9" if encoding == "latin-1" else b""))
        with file.open("rb") as stdin:
            done = reporter.devtel("token", "set", *arguments, stdin=stdin)
        assert (done.returncode, done.stderr.count("\n")) == (code, int(code != 0)), done.stderr
        assert ("it is encoded as UTF-16: save it as UTF-8" in done.stderr) == (encoding == "utf-16")
    (kept,) = reporter.state.glob("tokens/*")
    assert kept.read_text() == "s3cret"


def test_declining_asks_the_endpoint_to_erase_and_reports_the_outcome(reporter: Developer, endpoint: Endpoint) -> None:
    anonymous = str(reporter.status()["anonymous_id"])
    flush(reporter)
    reporter.devtel("consent", "decline")
    endpoint.otherwise = Answer(body=json.dumps({"success": True, "data": {"deleted": 1}}))
    done = flush(reporter)
    assert "confirmed the erasure of 1 daily report." in done.stderr
    assert endpoint.requests[-1].path.endswith("/connections/1/forget")
    assert json.loads(endpoint.requests[-1].body) == {"developer": anonymous}
    assert not any(anonymous in (reporter.state / file).read_text() for file in reporter.kept())


def test_an_erasure_stays_pending_until_the_endpoint_answers(reporter: Developer, endpoint: Endpoint) -> None:
    flush(reporter)
    reporter.devtel("consent", "decline")
    endpoint.otherwise = Answer(503)
    assert flush(reporter).returncode == 75
    assert reporter.status()["pending_erasures"] == [endpoint.url]


def test_an_endpoint_that_cannot_erase_leaves_the_user_with_the_id(reporter: Developer, endpoint: Endpoint) -> None:
    anonymous = str(reporter.status()["anonymous_id"])
    flush(reporter)
    reporter.devtel("consent", "decline")
    endpoint.otherwise = Answer(404, "404 page not found")
    assert reporter.devtel("flush").stderr == ""
    assert anonymous in flush(reporter).stderr
    assert reporter.status()["pending_erasures"] == []


def test_a_key_for_reports_alone_cannot_erase_and_is_asked_once(reporter: Developer, endpoint: Endpoint) -> None:
    anonymous = str(reporter.status()["anonymous_id"])
    flush(reporter)
    reporter.devtel("consent", "decline")
    endpoint.requests.clear()
    endpoint.otherwise = Answer(403, json.dumps({"success": False, "message": "path doesn't match api key's scope"}))
    for _ in range(2):
        assert reporter.devtel("flush").returncode == 0
    assert len(endpoint.requests) == 1
    assert reporter.status()["pending_erasures"] == [endpoint.url]
    assert f"delete the ID {anonymous}" in flush(reporter).stderr
    assert reporter.status()["pending_erasures"] == []


def test_a_key_that_is_invalid_leaves_the_erasure_pending(reporter: Developer, endpoint: Endpoint) -> None:
    flush(reporter)
    reporter.devtel("consent", "decline")
    endpoint.otherwise = Answer(403, refusal("api key is invalid"))
    assert flush(reporter).returncode == 77
    assert reporter.status()["pending_erasures"] == [endpoint.url]


def test_the_token_is_deleted_in_the_flush_that_settles_the_erasure(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.devtel("token", "set", input="s3cret\n")
    flush(reporter)
    reporter.devtel("consent", "decline")
    assert list(reporter.state.glob("tokens/*"))
    flush(reporter)
    assert endpoint.requests[-1].headers["authorization"] == "Bearer s3cret"
    assert not list(reporter.state.glob("tokens/*"))


@pytest.mark.parametrize(
    ("environ", "code", "words"),
    [
        ({"NO_PROXY": "fe80::/10,[::1],[,127.0.0.0/8", "http_proxy": "http://127.0.0.1:9"}, 0, "sent to"),
        ({"http_proxy": "http://127.0.0.1:9"}, 69, "does not answer"),
        ({"all_proxy": "socks5://127.0.0.1:9"}, 69, "does not answer"),
        ({"all_proxy": "ftp://ann:s3cret@127.0.0.1:9"}, 78, "The proxy ftp://127.0.0.1:9 cannot be used"),
        ({"http_proxy": "http://[::1"}, 78, "cannot be used"),
        ({"SSL_CERT_FILE": "/none.pem"}, 78, "SSL_CERT_FILE names /none.pem, which cannot be used"),
    ],
)
def test_proxies_and_certificates_of_the_environment_work_or_are_one_sentence(
    reporter: Developer, environ: dict[str, str], code: int, words: str
) -> None:
    flush(reporter)
    reporter.devtel("consent", "forget")
    reporter.makefile("impl-work:\n\t@true")
    reporter.make("work")
    reporter.environ |= environ
    done = flush(reporter)
    assert done.returncode == code
    assert words in done.stderr
    assert "s3cret" not in done.stderr
    erasure, report = done.stderr.splitlines()
    assert "erasure" in erasure or "erased" in erasure, "the erasure is asked for as well"
    assert words in report


def test_two_destinations_on_one_host_are_named_by_their_addresses(reporter: Developer, endpoint: Endpoint) -> None:
    second = f"{endpoint.base}/plugins/developer_telemetry/connections/2/report"
    reporter.project_file(second)
    reporter.grant()
    reporter.makefile("impl-work:\n\t@true")
    reporter.make("work")
    sent = flush(reporter).stderr
    assert f"sent to {endpoint.url}: {YESTERDAY}" in sent
    assert f"sent to {second}: {TODAY}" in sent


def key_of(request: Request) -> str:
    """The machine's key in a report: after the dot of `developer`, and as `hostname`."""
    body = json.loads(request.body)
    assert body["developer"].partition(".")[2] == body["hostname"]
    return str(body["hostname"])


def test_no_machine_key_links_two_destinations(reporter: Developer, endpoint: Endpoint) -> None:
    with listening() as other:
        reporter.project_file(other.url)
        reporter.grant()
        reporter.makefile("impl-work:\n\t@true")
        reporter.make("work")
        reporter.flush()
        sent = [request.body for request in (*endpoint.requests, *other.requests)]
        assert key_of(endpoint.requests[0]) != key_of(other.requests[0])
    (file,) = reporter.state.glob("hosts/*")
    assert not any(file.read_bytes() in body for body in sent), "the machine's own key never leaves it"


def test_no_machine_key_links_the_reports_before_and_after_forget(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.flush()
    reporter.devtel("consent", "forget")
    reporter.add_runs(YESTERDAY)
    reporter.flush()
    first, _erasure, second = endpoint.requests
    assert first.date == second.date
    assert key_of(first) != key_of(second)


def test_a_day_is_sent_again_under_the_same_machine_key(reporter: Developer, endpoint: Endpoint) -> None:
    for _ in range(2):
        reporter.flush()
        reporter.devtel("consent", "grant")  # renews the agreement
        reporter.add_runs(YESTERDAY)
    reporter.flush()
    assert len({key_of(request) for request in endpoint.requests}) == 1
    assert len(endpoint.requests) == 3


def test_a_slow_flush_shows_its_progress(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(TODAY)
    endpoint.script = [Answer(delay=1.2)]
    child = pexpect.spawn(
        DEVTEL, ["flush"], cwd=str(reporter.project), env=reporter.environ, timeout=20, encoding="utf-8"
    )
    child.expect_exact("1 of 2 days sent")
    child.expect_exact("sent to 127.0.0.1")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_quick_flush_shows_no_progress_bar_and_a_quiet_one_nothing(reporter: Developer) -> None:
    def shown(*arguments: str) -> str:
        return str(
            pexpect.run(f"{DEVTEL} flush {' '.join(arguments)}", cwd=str(reporter.project), env=reporter.environ)
        )

    assert "of 1 day" not in shown()
    reporter.add_runs(YESTERDAY)
    assert shown("--quiet") == "b''"
    assert reporter.status()["days_unsent"] == []

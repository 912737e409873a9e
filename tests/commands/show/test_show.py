"""devtel show: the bytes of a day are those that the wire carries, and every reason why there are none is said."""

import dataclasses
import hashlib
import json
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from devtelemetry_cli.commands import status
from devtelemetry_cli.commands.show import explain, history
from devtelemetry_cli.commands.stats import statistics
from devtelemetry_cli.report.fields import FIELDS
from tests.helpers.developer import URL, Developer
from tests.helpers.report_endpoint import Answer, Endpoint, refusal

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def reporter(developer: Developer, endpoint: Endpoint) -> Developer:
    """A developer who agreed to report to the endpoint, with one run of yesterday."""
    developer.project_file(endpoint.url)
    developer.grant()
    developer.add_runs(YESTERDAY)
    return developer


def show(developer: Developer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return developer.devtel("show", *arguments)


def entry(developer: Developer, day: date = YESTERDAY, **changes: object) -> dict[str, Any]:
    """A day's entry of the ledger, after these changes."""
    (file,) = developer.state.glob(f"ledger/*/*/{day}.json")
    kept: dict[str, Any] = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, **changes}))
    return {**kept, **changes}


def test_the_bytes_shown_before_and_after_are_those_on_the_wire(reporter: Developer, endpoint: Endpoint) -> None:
    before = show(reporter, "yesterday")
    assert endpoint.requests == []
    reporter.flush()
    after = show(reporter, YESTERDAY.isoformat())
    assert before.stdout.encode() == after.stdout.encode() == endpoint.requests[0].body + b"\n"
    assert "will be sent" in before.stderr
    assert "was sent, and stored on" in after.stderr


def test_the_proxy_on_the_way_is_named_without_its_password(reporter: Developer) -> None:
    reporter.environ["http_proxy"] = "http://ann:s3cret@proxy.example:3128"
    shown = show(reporter, "yesterday").stderr
    assert "through the proxy http://proxy.example:3128, machine" in shown
    assert "s3cret" not in shown
    reporter.environ["no_proxy"] = "127.0.0.0/8"
    assert "proxy" not in show(reporter, "yesterday").stderr


def test_the_hash_is_compared_as_the_help_says(reporter: Developer, endpoint: Endpoint) -> None:
    command = 'printf %s "$(devtel show DATE)" | sha256sum'
    assert command in show(reporter, "--help").stdout
    reporter.flush()
    told = reporter.run("sh", "-c", command.replace("DATE", YESTERDAY.isoformat())).stdout.split()[0]
    assert told == hashlib.sha256(endpoint.requests[0].body).hexdigest()
    assert told in show(reporter, "--history").stdout


def test_a_day_that_grew_shows_the_larger_total_that_comes(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.flush()
    reporter.add_runs(YESTERDAY)
    grown = show(reporter, "yesterday")
    assert grown.stdout == reporter.devtel("flush", "--dry-run").stdout
    assert "will be sent; a smaller total was stored on" in grown.stderr
    reporter.flush()
    assert grown.stdout.encode() == endpoint.requests[1].body + b"\n"


def test_showing_changes_nothing_and_sends_nothing(reporter: Developer, endpoint: Endpoint) -> None:
    before = {file: (reporter.state / file).read_bytes() for file in reporter.kept()}
    for arguments in (["yesterday"], ["yesterday", "--explain"], ["--history"], ["--fields"]):
        show(reporter, *arguments)
    assert {file: (reporter.state / file).read_bytes() for file in reporter.kept()} == before
    assert endpoint.requests == []


def test_quiet_leaves_the_bytes_alone(reporter: Developer) -> None:
    done = show(reporter, "yesterday", "--quiet")
    assert (done.stderr, json.loads(done.stdout)["date"]) == ("", YESTERDAY.isoformat())


def test_today_is_meant_where_no_date_is_given(reporter: Developer) -> None:
    reporter.add_runs(TODAY)
    assert json.loads(show(reporter).stdout)["date"] == TODAY.isoformat()


def test_every_field_is_explained_in_a_block_per_target(reporter: Developer) -> None:
    reporter.add_runs(YESTERDAY, target="build", exit=2)
    body = show(reporter, "yesterday").stdout.encode()
    whole, build, test = explain.explain(body)
    assert [block.title for block in (whole, build, test)] == ["", "Target build of shop", "Target test of shop"]
    explained = {field.path for block in (whole, build, test) for field in block.fields}
    assert explained >= {field.path for field in FIELDS if "checkouts" not in field.path}, "no run has a checkout here"
    printed = " ".join(show(reporter, "yesterday", "--explain").stdout.split())
    assert all(" ".join(f"{one.values[0]} {one.meaning}".split()) in printed for one in whole.fields)
    assert printed.startswith(f"{YESTERDAY} to ")
    assert ' exit_codes = {"2": 1} how often each exit code' in printed


def test_a_histogram_is_explained_as_times() -> None:
    body = b'{"metrics": {"targets": [{"target": "t", "durations": {"-11": 1, "-1": 2, "3": 3, "30": 1}}]}}'
    _, target = explain.explain(body)
    (durations,) = [field.values for field in target.fields if field.path.endswith("durations")]
    assert durations == ["149 to 177 ms: 1, 841 ms to 1.0 s: 2, 1.7 to 2.0 s: 3, 3 min 1 s to 3 min 35 s: 1"]


def test_a_field_outside_the_notice_is_explained_as_such() -> None:
    (block,) = explain.explain(b'{"metrics": {"spy": [1, 2]}, "date": "2026-11-22"}')
    known, unknown = block.fields
    assert (known.path, unknown.path, unknown.values) == ("date", "metrics.spy[]", ["1", "2"])
    assert "not in the notice" in unknown.meaning


def test_the_fields_are_those_of_the_notice_and_need_no_consent(developer: Developer) -> None:
    notice = " ".join(developer.devtel("consent", "show").stdout.split())
    listed = show(developer, "--fields").stdout
    entries = [f"{field.path}: {field.meaning}" for field in FIELDS]
    assert " ".join(listed.split()) == " ".join(entries)
    assert all(text in notice for text in entries)
    assert [field["path"] for field in json.loads(show(developer, "--fields", "--json").stdout)["fields"]] == [
        field.path for field in FIELDS
    ]


def test_the_history_has_destination_time_and_answer(reporter: Developer, endpoint: Endpoint) -> None:
    assert show(reporter, "--history").returncode == 1
    reporter.flush()
    done = show(reporter, "--history")
    assert f"To {endpoint.url} as {reporter.status()['anonymous_id']}:" in done.stdout
    assert f"{YESTERDAY}  sent     {TODAY}" in done.stdout
    assert f"1 run, {len(endpoint.requests[0].body)} bytes" in done.stdout


def test_the_history_as_json_has_the_documented_shape(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.flush()
    told = json.loads(show(reporter, "--history", "--json").stdout)
    (day,) = told["days"]
    assert list(told) == ["destination", "anonymous_id", "days"]
    assert list(day) == [
        "date", "machine", "state", "stored_at", "noted_at", "runs", "bytes", "sha256", "status", "answer",
    ]  # fmt: skip
    assert (day["state"], day["runs"], day["status"]) == ("sent", 1, 200)
    assert day["sha256"] == hashlib.sha256(endpoint.requests[0].body).hexdigest()


@pytest.mark.parametrize(
    "text", ["2026-02-30", "22.11.2026", "20261122", "tomorrow", "", (TODAY + timedelta(days=1)).isoformat()]
)
def test_an_invalid_or_future_date_is_a_usage_error(developer: Developer, text: str) -> None:
    done = show(developer, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Not a valid date: " in done.stderr or "is in the future" in done.stderr


@pytest.mark.parametrize("arguments", [["--explain", "--history"], ["--json"], ["--destination", "nowhere"]])
def test_options_that_mean_nothing_are_a_usage_error(reporter: Developer, arguments: list[str]) -> None:
    done = show(reporter, *arguments)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)


def test_a_day_without_a_record_is_said(reporter: Developer) -> None:
    done = show(reporter)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"devtel: No run was recorded on {TODAY}.\n"


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        ("show", "there is no consent decision yet"),
        ("local", "runs are recorded locally only"),
        ("decline", "declined on"),
    ],
)
def test_the_reason_is_printed_where_nothing_is_sent(developer: Developer, decision: str, sentence: str) -> None:
    developer.devtel("consent", decision)
    done = show(developer)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert sentence in done.stderr


def test_a_refused_day_is_shown_with_the_answer(reporter: Developer, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(400, refusal("dump", "active_hours: wrong"))
    reporter.flush()
    done = show(reporter, "yesterday")
    assert done.stdout.encode() == endpoint.requests[0].body + b"\n"
    assert "was sent, and refused: " in done.stderr
    assert done.stderr.endswith(". It is sent again if the day changes.\n")
    assert ".." not in done.stderr
    assert "active_hours: wrong" in show(reporter, "--history").stdout


def test_a_frozen_day_is_shown_as_it_was_sent(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.add_runs(YESTERDAY)
    reporter.flush()
    (journal,) = reporter.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:3]))
    for _ in ("before a flush saw it", "after"):
        done = show(reporter, "yesterday")
        assert done.stdout.encode() == endpoint.requests[0].body + b"\n"
        assert "a smaller total is never sent" in done.stderr
        reporter.flush()


def test_a_day_that_was_given_up_is_said(reporter: Developer) -> None:
    old = TODAY - timedelta(days=91)
    reporter.add_runs(old)
    assert "is too old" in show(reporter, old.isoformat()).stderr
    reporter.flush()
    done = show(reporter, old.isoformat())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"devtel: {old} was never sent, and expired after 90 days.\n"


def test_an_agreement_that_ended_shows_what_was_sent_and_promises_nothing(reporter: Developer) -> None:
    reporter.flush()
    reporter.add_runs(TODAY)
    text = reporter.config.read_text()
    reporter.config.write_text(text.replace(f"decided = {TODAY.year}", f"decided = {TODAY.year - 2}"))
    assert "was sent, and stored" in show(reporter, "yesterday").stderr
    done = show(reporter)
    assert (done.returncode, "will not be: your consent expired on" in done.stderr) == (1, True)


def test_runs_of_another_agreement_are_none_of_this_days(reporter: Developer) -> None:
    (journal,) = reporter.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    journal.write_text(journal.read_text().replace('"grant":"', '"grant":"0'))
    done = show(reporter, "yesterday")
    assert (done.returncode, "no run of that day is covered by your consent" in done.stderr) == (1, True)


def test_a_switch_is_said(reporter: Developer) -> None:
    reporter.environ["DO_NOT_TRACK"] = "1"
    done = show(reporter, "yesterday")
    assert (done.returncode, "nothing is sent while DO_NOT_TRACK is set" in done.stderr) == (0, True)


def test_a_damaged_entry_is_said_and_never_shown_as_what_was_sent(reporter: Developer) -> None:
    reporter.flush()
    entry(reporter, body='{"date": "forged"}')
    done = show(reporter, "yesterday")
    assert (done.returncode, done.stdout) == (1, "")
    assert "its ledger entry is damaged" in done.stderr


def test_a_damaged_config_is_said(reporter: Developer) -> None:
    reporter.config.write_text("consent = [")
    done = show(reporter)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)


def test_a_journal_that_cannot_be_read_is_said(reporter: Developer) -> None:
    (journal,) = reporter.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    journal.unlink()
    journal.mkdir()
    done = show(reporter, "yesterday")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"The journal of {YESTERDAY} cannot be read" in done.stderr


def test_one_of_several_destinations_is_named_by_address_or_host(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.project_file(URL)
    reporter.grant()
    for name in (endpoint.url, endpoint.url.split("/")[2]):
        assert show(reporter, "yesterday", "--destination", name).returncode == 0
    assert show(reporter, "yesterday").returncode == 1
    elsewhere = show(reporter, "yesterday", "--destination", "example.org")
    assert (elsewhere.returncode, URL in elsewhere.stderr and endpoint.url in elsewhere.stderr) == (2, True)


def test_outside_of_any_project_the_only_agreement_is_meant(reporter: Developer, tmp_path: Path) -> None:
    assert reporter.devtel("show", "yesterday", cwd=str(tmp_path)).returncode == 0
    reporter.project_file(URL)
    reporter.grant()
    done = reporter.devtel("show", "yesterday", cwd=str(tmp_path))
    assert (done.returncode, "you agreed to several" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "shape", [status.Status, statistics.Statistics, statistics.Target, statistics.Week, statistics.Day, history.SentDay]
)
def test_every_name_that_json_prints_is_documented(shape: type[Any]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
    assert [field.name for field in dataclasses.fields(shape) if f"`{field.name}`" not in page] == []


def test_a_purged_day_is_said_to_be_purged_and_its_hash_is_known(reporter: Developer, endpoint: Endpoint) -> None:
    reporter.flush()
    reporter.devtel("purge", "--yes")
    done = show(reporter, "yesterday")
    assert (done.returncode, done.stdout) == (1, "")
    assert "were purged on this machine" in done.stderr
    told = show(reporter, "--history").stdout
    assert hashlib.sha256(endpoint.requests[0].body).hexdigest() in told
    assert "bytes" not in told

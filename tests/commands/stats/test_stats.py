"""devtel stats as a developer calls it, over journals as wrap writes them."""

import csv
import io
import json
import os
import re
import shutil
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest

from devtelemetry_cli.client.journal import writer
from tests.helpers.developer import DEVTEL, URL, Developer

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def builder(developer: Developer) -> Developer:
    """A developer with three good runs of test and a failed one of build, yesterday."""
    developer.grant()
    developer.add_runs(YESTERDAY, 3, duration=100.0)
    developer.add_runs(YESTERDAY, 1, "build", duration=4320.0, exit=2)
    return developer


def values(developer: Developer, *arguments: str) -> dict[str, Any]:
    """What `devtel stats --json` says."""
    found: dict[str, Any] = json.loads(developer.devtel("stats", "--json", *arguments).stdout)
    return found


def test_slowest_and_failing_targets_waiting_and_the_trend_are_shown(builder: Developer) -> None:
    done = builder.devtel("stats")
    assert (done.returncode, done.stderr) == (0, "")
    assert "runs      4, 1 failed (25 %)" in done.stdout
    assert "p50 1 min 40 s, p90 1 h 12 min" in done.stdout
    assert "waiting   1 h 17 min in the last 7 days, 0 s in the 7 before" in done.stdout
    assert f"per day   {'·' * 26}█·" in done.stdout
    assert done.stdout.index("Waited for") < done.stdout.index("Slowest") < done.stdout.index("Most often failing")


def test_nothing_is_changed_and_nothing_needs_the_network(builder: Developer) -> None:
    before = {file: (builder.state / file).read_bytes() for file in builder.kept()}
    unshare = shutil.which("unshare") and builder.run("unshare", "-rn", "true").returncode == 0
    assert builder.run(*(["unshare", "-rn"] if unshare else []), DEVTEL, "stats").returncode == 0
    assert {file: (builder.state / file).read_bytes() for file in builder.kept()} == before


def test_cpu_time_memory_and_the_trend_of_each_target_are_shown(builder: Developer) -> None:
    builder.add_runs(YESTERDAY, 2, "lint", cpu=30.0, peak_kib=46080)
    builder.add_runs(TODAY - timedelta(days=9), 1, "lint", duration=1.0)
    lint = next(target for target in values(builder)["targets"] if target["target"] == "lint")
    assert (lint["cpu_seconds"], lint["peak_memory_bytes"]) == (60.1, 46080 * 1024)
    printed = builder.devtel("stats").stdout
    assert "of waiting, 1 min of CPU time" in printed
    assert re.search(r"^  lint .* 45 MiB$", printed, flags=re.MULTILINE)
    assert re.search(r"^  build +1 +1 h 12 min .* ████████████$", printed, flags=re.MULTILINE)
    assert re.search(r"^  lint .* \d+ % more +█$", printed, flags=re.MULTILINE)


def test_the_page_is_self_contained_and_opened_by_the_browser(builder: Developer) -> None:
    builder.add_runs(YESTERDAY, 1, "a%b")
    builder.environ["BROWSER"] = "touch opened; echo %s"
    done = builder.devtel("stats", "--open", env={**builder.environ, "BROWSER": "cp %s opened"})
    file = Path(done.stdout.strip())
    page = file.read_text()
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0o044, 0)
    assert "<svg" in page
    assert "build" in page
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)
    shutil.rmtree(file.parent)


def test_records_for_oneself_count_too(developer: Developer) -> None:
    assert developer.devtel("consent", "local").returncode == 0
    developer.makefile("impl-test:\n\t@true")
    assert developer.make("test").returncode == 0
    assert values(developer)["runs"] == 1


def test_a_run_inside_another_is_counted_but_not_waited_for_twice(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-ci:\n\t@$(MAKE) test\nimpl-test:\n\t@sleep 0.2")
    assert developer.make("ci").returncode == 0
    found = values(developer)
    waited = {target["target"]: target["waited_seconds"] for target in found["targets"]}
    assert (found["runs"], waited["test"]) == (2, 0)
    assert found["this_week"]["waited_seconds"] == waited["ci"] > 0.2


def test_days_target_and_project_narrow(builder: Developer) -> None:
    builder.add_runs(TODAY - timedelta(days=30), 5)
    assert [values(builder, "--days", days)["runs"] for days in ("1", "2", "40")] == [0, 4, 9]
    assert values(builder, "--target", "te%")["runs"] == 3
    assert values(builder, "--project", "shop", "--target", "build", "--target", "test")["runs"] == 4


def test_the_shape_of_the_json_is_the_documented_one(builder: Developer) -> None:
    found = values(builder)
    assert list(found) == [
        "first", "last", "runs", "failures", "interrupted", "lost", "waited_seconds", "cpu_seconds", "p50_seconds",
        "p90_seconds",
        "this_week", "last_week", "trend", "targets", "damaged_records", "newer_records", "troubles",
    ]  # fmt: skip
    assert found["targets"][0] == {
        "project": "shop", "target": "build", "runs": 1, "failures": 1, "interrupted": 0, "lost": 0,
        "waited_seconds": 4320.0, "p50_seconds": 4320.0, "p90_seconds": 4320.0, "longest_seconds": 4320.0,
        "cpu_seconds": 0.1, "peak_memory_bytes": 1024000, "this_week_seconds": 4320.0, "last_week_seconds": 0.0,
    }  # fmt: skip


def test_no_name_becomes_a_formula_in_a_spreadsheet(builder: Developer) -> None:
    for name in ("=1+1", "+x", "-x", "@SUM"):
        builder.add_runs(YESTERDAY, 1, name)
    rows = list(csv.reader(io.StringIO(builder.devtel("stats", "--csv").stdout)))
    assert {"'=1+1", "'+x", "'-x", "'@SUM"} < {row[1] for row in rows}
    assert rows[0][:3] == ["project", "target", "runs"]


def test_only_one_form_of_output_is_possible(builder: Developer) -> None:
    assert builder.devtel("stats", "--json", "--csv").returncode == 2


@pytest.mark.parametrize("days", ["0", "many"])
def test_a_number_of_days_that_is_none_is_a_usage_error(builder: Developer, days: str) -> None:
    done = builder.devtel("stats", f"--days={days}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Invalid value for '--days'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--target", "tset"], "No run of tset was recorded in the last 28 days. Did you mean test?"),
        (["--project", "shpo"], "Did you mean shop?"),
        (["--target", "zzz"], "Recorded targets: build, test."),
        (["--project", "zzz"], "Recorded projects: shop."),
        (["--days", "1"], f"No run was recorded today. The last day with records is {YESTERDAY}; see --days."),
    ],
)
def test_a_name_without_runs_gets_a_proposal(builder: Developer, arguments: list[str], sentence: str) -> None:
    done = builder.devtel("stats", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("show", "Nothing is recorded here (undecided: nothing was decided yet"),
        ("decline", "Nothing is recorded here (declined on"),
        ("local", "No run was recorded here yet (local on"),
        ("grant", "No run was recorded here yet (granted on"),
    ],
)
def test_without_records_the_rule_is_named(developer: Developer, decision: str, said: str) -> None:
    developer.devtel("consent", decision)
    done = developer.devtel("stats")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("url", "advice"), [(URL, "`devtel consent` asks for a decision."), ("", "`devtel consent local` records")]
)
def test_without_a_decision_the_next_command_is_named(developer: Developer, url: str, advice: str) -> None:
    developer.project_file(url)
    assert f"). {advice}" in developer.devtel("stats").stderr


def test_all_looks_at_every_destination_of_the_machine(builder: Developer) -> None:
    builder.project_file("http://127.0.0.1:9/connections/2/report")
    done = builder.devtel("stats")
    assert (done.returncode, "`--all` includes other destinations" in done.stderr) == (1, True)
    assert values(builder, "--all")["runs"] == 4


def test_a_switch_does_not_hide_ones_own_records(builder: Developer) -> None:
    builder.environ["DO_NOT_TRACK"] = "1"
    assert values(builder)["runs"] == 4


def test_damaged_and_newer_records_are_counted_and_said(builder: Developer) -> None:
    folder = str(builder.journal_folder(YESTERDAY))
    writer.append(folder, YESTERDAY.isoformat(), b'\n{"v":2,"event":"x"}\n{"v":2,"event":"y"}\n{')
    done = builder.devtel("stats")
    assert done.returncode == 0
    assert "Left out: 2 records of a newer devtel. Update devtel" in done.stderr
    assert "Left out: 1 damaged record." in done.stderr
    quiet = builder.devtel("stats", "--quiet", "--json")
    found = json.loads(quiet.stdout)
    assert (quiet.stderr, found["newer_records"], found["damaged_records"]) == ("", 2, 1)


def test_a_file_that_cannot_be_read_costs_only_its_day(builder: Developer) -> None:
    os.mkfifo(builder.journal_folder(TODAY) / f"{TODAY}.jsonl")
    done = builder.devtel("stats")
    assert (done.returncode, "runs      4" in done.stdout) == (0, True)
    assert f"The journal of {TODAY} cannot be read: it is not a regular file." in done.stderr


def test_a_damaged_config_is_said(builder: Developer) -> None:
    builder.config.write_text("consent = [")
    done = builder.devtel("stats")
    assert (done.returncode, "cannot be used" in done.stderr) == (78, True)
    assert values(builder, "--all")["runs"] == 4


def test_a_run_whose_process_is_gone_is_lost(builder: Developer) -> None:
    start = {"run": uuid.uuid4().hex, "time": 1.0, "offset": 0, "pid": 1, "grant": "g", "target": "test"}
    writer.append(str(builder.journal_folder(YESTERDAY)), YESTERDAY.isoformat(), writer.encode("start", dict(start)))
    assert values(builder)["lost"] == 1


def at_the_terminal(developer: Developer, **environ: str) -> str:
    """The page as a terminal gets it."""
    settings = {**developer.environ, **environ}
    child = pexpect.spawn(DEVTEL, ["stats"], cwd=str(developer.project), env=settings, timeout=30)  # type: ignore[arg-type]
    text: bytes = child.read()
    child.close()
    return text.decode()


def test_only_a_terminal_gets_bold_headings_and_only_if_it_may(builder: Developer) -> None:
    assert "\x1b[1mSlowest" in at_the_terminal(builder)
    assert "\x1b" not in at_the_terminal(builder, NO_COLOR="1")
    assert "\x1b" not in at_the_terminal(builder, TERM="dumb")
    assert "\x1b" not in builder.devtel("stats").stdout


@pytest.mark.parametrize("environ", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}])
def test_a_locale_without_blocks_gets_ascii(builder: Developer, environ: dict[str, str]) -> None:
    page = builder.devtel("stats", env={**builder.environ, **environ}).stdout
    assert page.isascii()
    assert f"per day   {'.' * 26}@." in page

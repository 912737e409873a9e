"""DailyMetrics -> the exact bytes: small enough, always the same, and no run lost."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.model.metrics import AGES, BRANCHES, DailyMetrics, TargetMetrics
from devtelemetry_cli.model.target_names import OTHER
from devtelemetry_cli.report.decode import read_extension
from devtelemetry_cli.report.encode import MAX_BYTES, MAX_TARGETS, encode
from tests.helpers.samples import ANONYMOUS, DAY, ENVIRONMENT, HOST, full_day

COUNTS = st.integers(0, 10**9)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz._-%+/@:=", min_size=1, max_size=64) | st.just(OTHER)
CODES = st.integers(0, 255).map(str) | st.sampled_from(["SIGKILL", "SIGTERM"])
CHECKOUTS = st.dictionaries(st.tuples(st.sampled_from(BRANCHES), st.sampled_from(AGES)), st.tuples(COUNTS, COUNTS))


@st.composite
def days(draw: st.DrawFn) -> DailyMetrics:
    metrics = DailyMetrics(DAY, revision=draw(COUNTS), hours=draw(st.sets(st.integers(0, 23))))
    crowd = draw(st.sampled_from([0, 0, 190, 199, 200, 201, 450]))
    named = draw(st.lists(st.tuples(st.sampled_from(["", "shop", "p" * 64]), NAMES), max_size=20, unique=True))
    rich = {"durations": draw(st.dictionaries(st.integers(-40, 79), COUNTS, max_size=120))}
    rich |= {"exit_codes": draw(st.dictionaries(CODES, COUNTS)), "checkouts": draw(CHECKOUTS)}
    for number, (project, name) in enumerate([*named, *(("", f"{'x' * 50}{n}") for n in range(crowd))]):
        metrics.targets[project, name] = TargetMetrics(project, name, runs=draw(COUNTS) if number < 20 else number)
        for field, counts in rich.items():
            getattr(metrics.targets[project, name], field).update(counts)
    return metrics


def body(metrics: DailyMetrics) -> dict[str, Any]:
    value = json.loads(encode(metrics, ANONYMOUS, HOST, ENVIRONMENT))
    assert isinstance(value, dict)
    return value


def crowd(names: list[str], runs: int = 1) -> DailyMetrics:
    metrics = DailyMetrics(DAY)
    for name in names:
        metrics.target("", name).runs = runs
    return metrics


@settings(max_examples=40)
@given(days())
def test_no_report_is_too_large_and_none_loses_a_run(metrics: DailyMetrics) -> None:
    data = encode(metrics, ANONYMOUS, HOST, ENVIRONMENT)
    sent = json.loads(data)["metrics"]
    assert len(data) <= MAX_BYTES
    assert len(sent["targets"]) <= MAX_TARGETS + 1
    assert sum(target["runs"] for target in sent["targets"]) == metrics.runs
    assert sum(sent["commands"].values()) == metrics.runs


@settings(max_examples=15)
@given(days(), st.randoms(use_true_random=False))
def test_the_same_values_make_the_same_bytes_in_any_order(metrics: DailyMetrics, random: Any) -> None:
    data = encode(metrics, ANONYMOUS, HOST, ENVIRONMENT)
    shuffled = list(metrics.targets.items())
    random.shuffle(shuffled)
    metrics.targets = dict(shuffled)
    for target in metrics.targets.values():
        target.durations = dict(reversed(target.durations.items()))
        target.exit_codes = dict(reversed(target.exit_codes.items()))
        target.checkouts = dict(reversed(target.checkouts.items()))
    assert encode(metrics, ANONYMOUS, HOST, ENVIRONMENT) == data


def test_what_was_encoded_is_read_back() -> None:
    extension = read_extension(body(full_day())["metrics"])
    assert extension.targets == list(full_day().targets.values())
    assert (extension.revision, extension.environment) == (6, ENVIRONMENT)


@settings(max_examples=15)
@given(days())
def test_the_receiver_reads_whatever_is_encoded(metrics: DailyMetrics) -> None:
    assert sum(target.runs for target in read_extension(body(metrics)["metrics"]).targets) == metrics.runs


def test_the_body_is_one_line_of_ascii_without_blanks() -> None:
    data = encode(full_day(), ANONYMOUS, HOST, ENVIRONMENT)
    assert data.isascii()
    assert data.startswith(b'{"date":"2026-11-22","developer":"6a1f0f4e-2f1c-4b7e-9d55-0c2a4f6e8b01.0123abcd",')
    assert b"\n" not in data


def test_a_report_names_nobody() -> None:
    report = body(full_day())
    assert (report["email"], report["name"], report["hostname"]) == ("", "", HOST)


def test_commands_count_the_runs_of_a_target_over_all_projects() -> None:
    metrics = DailyMetrics(DAY)
    metrics.target("a", "dev.up").runs = 3
    metrics.target("b", "dev.up").runs = 4
    metrics.target("a", "lint").runs = 1
    assert body(metrics)["metrics"]["commands"] == {"make dev.up": 7, "make lint": 1}


def test_two_hundred_targets_are_named_and_the_rest_is_summed() -> None:
    sent = body(crowd([f"t{number:03}" for number in range(203)]))["metrics"]
    assert [t["target"] for t in sent["targets"]] == [*(f"t{number:03}" for number in range(200)), OTHER]
    assert sent["commands"]["make (other)"] == 3


def test_the_targets_with_most_runs_are_named_first() -> None:
    metrics = crowd([f"t{number:03}" for number in range(300)])
    metrics.target("", "t299").runs = 2
    names = [target["target"] for target in body(metrics)["metrics"]["targets"]]
    assert names[:2] == ["t299", "t000"]
    assert "t250" not in names


def test_what_was_other_already_joins_the_rest() -> None:
    metrics = crowd([OTHER, *(f"t{number:03}" for number in range(202))], runs=5)
    others = [t for t in body(metrics)["metrics"]["targets"] if t["target"] == OTHER]
    assert [(t["project"], t["runs"]) for t in others] == [("", 15)]


def test_the_others_of_a_project_keep_its_name_while_there_is_room() -> None:
    metrics = DailyMetrics(DAY)
    metrics.target("shop", OTHER).runs = 2
    metrics.target("", OTHER).runs = 3
    assert [(t["project"], t["runs"]) for t in body(metrics)["metrics"]["targets"]] == [("", 3), ("shop", 2)]


def test_fewer_targets_are_named_where_they_would_not_fit() -> None:
    metrics = crowd(["x" * 58 + f"{number:06}" for number in range(200)])
    for target in metrics.targets.values():
        target.durations = dict.fromkeys(range(-40, 80), 1)
    data = encode(metrics, ANONYMOUS, HOST, ENVIRONMENT)
    named = json.loads(data)["metrics"]["targets"]
    assert MAX_BYTES * 0.9 < len(data) <= MAX_BYTES
    assert named[-1]["target"] == OTHER
    assert named[-1]["runs"] == 200 - (len(named) - 1)


@pytest.mark.parametrize(
    ("target", "tests", "builds"),
    [
        ("test", 1, 0),
        ("unit-tests", 1, 0),
        ("check", 1, 0),
        ("app/build", 0, 1),
        ("compile:all", 0, 1),
        ("build.test", 1, 1),
        ("latest", 0, 0),
        ("rebuild", 0, 0),
        ("Test", 0, 0),
    ],
)
def test_tests_and_builds_are_known_by_a_word_of_their_name(target: str, tests: int, builds: int) -> None:
    activity = body(crowd([target]))["metrics"]["development_activity"]
    assert activity == {"test_runs_detected": tests, "build_commands_detected": builds}


def test_git_is_a_tool_only_where_a_run_stood_in_a_repository() -> None:
    assert body(DailyMetrics(DAY))["metrics"]["tools_used"] == ["make"]
    assert body(DailyMetrics(DAY, git_seen=True))["metrics"]["tools_used"] == ["git", "make"]


def test_seconds_are_sent_to_the_millisecond() -> None:
    metrics = DailyMetrics(DAY)
    metrics.target("", "a").waited_seconds = 0.1 + 0.2
    assert body(metrics)["metrics"]["targets"][0]["waited_seconds"] == 0.3


def test_a_whole_number_of_seconds_makes_the_same_bytes_as_a_float() -> None:
    whole, broken = full_day(), full_day()
    whole.targets["shop", "test"].duration_max = 20
    broken.targets["shop", "test"].duration_max = 20.0
    assert encode(whole, ANONYMOUS, HOST, ENVIRONMENT) == encode(broken, ANONYMOUS, HOST, ENVIRONMENT)


def test_projects_are_listed_once_in_order_without_the_empty_one() -> None:
    metrics = DailyMetrics(DAY)
    for project in ("z", "a", "", "z"):
        metrics.target(project, f"in-{project}").runs = 1
    assert body(metrics)["metrics"]["projects"] == ["a", "z"]

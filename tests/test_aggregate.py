"""A day's records -> DailyMetrics: each run is counted once, for what it was."""

import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli import aggregate
from devtelemetry_cli.model import histogram
from devtelemetry_cli.model.metrics import TargetMetrics
from devtelemetry_cli.model.records import End, Start
from tests.helpers.samples import DAY, GRANT, NOON, end, no_process_runs, start

Record = Start | End


def summed(*records: Record, grant: str | None = GRANT) -> aggregate.Day:
    return aggregate.day(DAY, records, grant, no_process_runs)


def only(*records: Record) -> TargetMetrics:
    (target,) = summed(*records).metrics.targets.values()
    return target


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_successful_run_counts_with_its_duration() -> None:
    target = only(start(), end(duration=10.0))
    assert (target.runs, target.failures, target.interrupted, target.lost) == (1, 0, 0, 0)
    assert (target.waited_seconds, target.duration_total, target.duration_max) == (10.0, 10.0, 10.0)
    assert target.durations == {histogram.bucket(10.0): 1}


@pytest.mark.parametrize(
    ("ended", "failures", "interrupted", "code"),
    [
        ({"exit": 0}, 0, 0, "0"),
        ({"exit": 2}, 1, 0, "2"),
        ({"signal": 9}, 1, 0, "SIGKILL"),
        ({"signal": 15}, 1, 0, "SIGTERM"),
        ({"signal": 2, "interrupted": True}, 0, 1, "SIGINT"),
        ({"exit": 2, "interrupted": True}, 0, 1, "2"),
        ({"exit": 0, "interrupted": True}, 0, 1, "0"),
        ({"signal": 200}, 1, 0, "SIG200"),
    ],
    ids=str,
)
def test_an_end_is_a_success_a_failure_or_an_interruption(
    ended: dict[str, object], failures: int, interrupted: int, code: str
) -> None:
    target = only(start(), end(**ended))
    assert (target.runs, target.failures, target.interrupted) == (1, failures, interrupted)
    assert target.exit_codes == {code: 1}


def test_an_interrupted_run_was_waited_for_but_says_nothing_about_the_targets_duration() -> None:
    target = only(start(), end(signal=2, interrupted=True, duration=7.0))
    assert (target.waited_seconds, target.duration_total, target.durations) == (7.0, 0.0, {})


def test_durations_are_added_and_the_longest_is_kept() -> None:
    target = only(start("1"), end("1", duration=4.0), start("2"), end("2", duration=1.0, exit=2))
    assert (target.runs, target.duration_total, target.duration_max) == (2, 5.0, 4.0)
    assert sum(target.durations.values()) == 2


def test_a_run_whose_process_is_gone_is_lost() -> None:
    day = summed(start())
    (target,) = day.metrics.targets.values()
    assert (target.runs, target.lost, target.failures, day.running) == (1, 1, 0, 0)
    assert target.exit_codes == {}


def test_a_run_that_goes_on_is_not_counted_yet() -> None:
    day = aggregate.day(DAY, [start(pid=4)], GRANT, lambda run: (run.pid, run.time) == (4, NOON))
    assert (day.running, day.metrics.runs, day.metrics.targets) == (1, 0, {})


def test_the_revision_rises_with_every_record_that_changes_the_report() -> None:
    running = aggregate.day(DAY, [start()], GRANT, lambda *_: True).metrics.revision
    assert (running, summed(start(), end()).metrics.revision) == (1, 2)
    assert summed(start()).metrics.revision == 2


def test_a_nested_run_counts_but_nobody_waited_for_it_twice() -> None:
    inner = [start("2", target="gen", parent="1"), end("2", duration=6.0)]
    metrics = summed(start("1"), *inner, end("1", duration=9.0)).metrics
    assert metrics.runs == 2
    assert metrics.targets["", "gen"].duration_total == 6.0
    assert sum(target.waited_seconds for target in metrics.targets.values()) == 9.0


def test_records_of_another_agreement_are_ignored() -> None:
    day = summed(start("1", grant="other", branch="default"), end("1"), start("2", grant="other"))
    assert (day.metrics.runs, day.metrics.revision, day.metrics.hours) == (0, 0, set())
    assert (day.metrics.git_seen, day.running) == (False, 0)


def test_without_an_agreement_to_look_for_all_records_count() -> None:
    records = [start("1", grant="a"), end("1"), start("2", grant="b"), end("2")]
    assert summed(*records, grant=None).metrics.runs == 2


@pytest.mark.parametrize(
    ("started", "ended", "offset", "hours"),
    [
        ("2026-11-22 09:59", "2026-11-22 10:00", 0, {9, 10}),
        ("2026-11-22 00:00", "2026-11-22 23:59:59", 0, {0, 23}),
        ("2026-11-22 23:59", "2026-11-23 00:01", 0, {23}),
        ("2026-11-21 23:30", "2026-11-21 23:40", 3600, {0}),
        ("2026-11-22 23:30", "2026-11-22 23:40", 3600, set()),
        ("2026-11-23 03:10", "2026-11-23 04:10", -8 * 3600, {19, 20}),
        ("2026-11-22 06:29", "2026-11-22 06:31", 19800, {11, 12}),
    ],
)
def test_hours_are_the_local_ones_of_the_day_itself(started: str, ended: str, offset: int, hours: set[int]) -> None:
    records = start(time=at(started), offset=offset), end(time=at(ended), offset=offset)
    assert summed(*records).metrics.hours == hours


def test_the_offset_of_each_record_counts_when_clocks_change_in_between() -> None:
    records = start(time=at("2026-11-22 01:30"), offset=7200), end(time=at("2026-11-22 02:30"), offset=3600)
    assert summed(*records).metrics.hours == {3}


def test_a_run_that_ends_after_midnight_counts_whole_on_its_first_day() -> None:
    late = start(time=at("2026-11-22 23:50")), end(time=at("2026-11-23 00:20"), duration=1800.0)
    assert only(*late).duration_total == 1800.0


def test_a_start_that_stands_twice_counts_once() -> None:
    assert only(start(), start(), end()).runs == 1
    assert summed(start(), start(target="other")).metrics.runs == 1


def test_an_end_without_a_start_counts_nothing() -> None:
    day = summed(end("9"), start("1"), end("1"), end("1"))
    assert (day.metrics.runs, day.metrics.revision) == (1, 2)


def test_a_folded_target_counts_as_other_in_its_project() -> None:
    records = start("1", target="secret", project="shop", folded=True), end("1"), start("2", target="x", folded=True)
    assert set(summed(*records).metrics.targets) == {("shop", "(other)"), ("", "(other)")}


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, "0"),
        (1, "1-7"),
        (7, "1-7"),
        (8, "8-30"),
        (30, "8-30"),
        (31, "31-90"),
        (90, "31-90"),
        (91, "91+"),
        (None, "unknown"),
    ],
)
def test_a_checkouts_age_is_told_in_classes(days: int | None, age: str) -> None:
    target = only(start(branch="default", age_days=days), end(exit=2))
    assert target.checkouts == {("default", age): (1, 1)}


def test_a_run_outside_a_repository_stood_on_no_checkout() -> None:
    metrics = summed(start(), end()).metrics
    assert (metrics.git_seen, metrics.targets["", "build"].checkouts) == (False, {})
    assert summed(start(branch="detached"), end()).metrics.git_seen


STEPS = st.tuples(st.booleans(), st.sampled_from("abcdef"), st.sampled_from([GRANT, "other"]), st.integers(0, 2))


@settings(max_examples=100)
@given(st.lists(STEPS, max_size=40), st.sets(st.integers(0, 2)))
def test_every_run_has_ended_or_is_lost_or_goes_on(steps: list[tuple[bool, str, str, int]], alive: set[int]) -> None:
    records = [start(run, grant=grant, pid=pid) if starts else end(run) for starts, run, grant, pid in steps]
    day = aggregate.day(DAY, records, GRANT, lambda run: run.pid in alive)
    targets = day.metrics.targets.values()
    ended = sum(count for target in targets for count in target.exit_codes.values())
    assert day.metrics.runs == ended + sum(target.lost for target in targets)
    assert day.metrics.runs + day.running == accepted(records)


def accepted(records: Iterable[Record]) -> int:
    """The runs of our agreement, counted the plain way."""
    going: dict[str, str] = {}
    runs = 0
    for record in records:
        if isinstance(record, End):
            going.pop(record.run, None)
        elif record.run not in going:
            going[record.run] = record.grant
            runs += record.grant == GRANT
    return runs


def stream(runs: int) -> Iterator[Record]:
    for number in range(runs):
        yield Start(str(number), NOON, 0, 7, GRANT, f"t{number % 10}")
        yield End(str(number), NOON, 0, 10.0, 0)


def peak(runs: int) -> int:
    records = list(stream(runs))
    tracemalloc.start()
    try:
        aggregate.day(DAY, records, GRANT, no_process_runs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_grows_with_targets_and_not_with_runs() -> None:
    peak(10)  # what is made once, is made
    assert peak(50_000) < peak(1_000) + 20_000

"""The values between aggregation and wire."""

from devtelemetry_cli.model.metrics import DailyMetrics, TargetMetrics, anonymous_id, developer
from tests.helpers.samples import full_day


def test_adding_a_target_counts_its_runs_too() -> None:
    (one,) = full_day().targets.values()
    both = TargetMetrics("", "(other)")
    both.add(one)
    both.add(one)
    assert (both.runs, both.failures, both.interrupted, both.lost) == (8, 2, 2, 2)
    assert (both.waited_seconds, both.duration_total, both.duration_max) == (19.0, 16.5, 6.125)
    assert (both.durations, both.exit_codes) == ({4: 2, 10: 2}, {"0": 2, "2": 2, "SIGINT": 2})
    assert both.checkouts == {("default", "0"): (4, 2), ("other", "8-30"): (2, 0)}


def test_adding_leaves_what_was_added_as_it_was() -> None:
    (one,) = full_day().targets.values()
    TargetMetrics("", "(other)").add(one)
    assert one == next(iter(full_day().targets.values()))


def test_a_target_is_made_when_it_is_seen_first() -> None:
    metrics = DailyMetrics("2026-11-22")
    metrics.target("shop", "test").runs += 1
    metrics.target("shop", "test").runs += 1
    metrics.target("", "test").runs += 1
    assert (len(metrics.targets), metrics.runs) == (2, 3)


def test_the_person_is_the_part_of_a_developer_before_the_dot() -> None:
    assert developer("id-1", "host") == "id-1.host"
    assert [anonymous_id(name) for name in ("id-1.host", "id-1", "id-1.a.b", "")] == ["id-1", "id-1", "id-1", ""]

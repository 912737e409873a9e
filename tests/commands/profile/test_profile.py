"""Notes of a call -> each target's own time, and the trace."""

from devtelemetry_cli.commands.profile import profile
from devtelemetry_cli.commands.profile.profile import Note, Profile, Span

NOTES = [Note(0.1, "a"), Note(0.2, "a"), Note(0.5, "b"), Note(1.0, "a")]
SPANS = [Span("a", 0.1, 0.5), Span("b", 0.5, 1.0), Span("a", 1.0, 1.5)]


def test_a_target_lasts_until_the_next_ones_first_line() -> None:
    assert profile.spans(NOTES, 1.5) == SPANS
    assert profile.spans([], 1.5) == []


def test_a_targets_spans_are_summed_the_longest_first() -> None:
    assert Profile("make", 1.5, 0, SPANS).seconds() == {"a": 0.9, "b": 0.5}


def test_the_json_has_seconds_for_each_target_and_none_in_a_parallel_call() -> None:
    found = profile.as_json(Profile("make -k", 1.51234, 2, SPANS, failed="b"))
    assert found == {
        "command": "make -k",
        "seconds": 1.512,
        "exit_code": 2,
        "failed": "b",
        "parallel": False,
        "targets": {"a": 0.9, "b": 0.5},
        "starts": [[0.1, "a"], [0.5, "b"], [1.0, "a"]],
    }
    assert profile.as_json(Profile("make -j", 1.5, 0, SPANS, parallel=True))["targets"] == {}


def test_the_trace_has_complete_events_in_microseconds_and_instants_in_a_parallel_call() -> None:
    call, first, *_ = profile.as_trace(Profile("make", 1.5, 0, SPANS))["traceEvents"]  # type: ignore[misc]
    assert call == {"name": "make", "ph": "X", "ts": 0, "dur": 1_500_000, "pid": 1, "tid": 1}
    assert first == {"name": "a", "cat": "target", "ts": 100_000, "pid": 1, "tid": 2, "ph": "X", "dur": 400_000}
    _, first, *_ = profile.as_trace(Profile("make -j", 1.5, 0, SPANS, parallel=True))["traceEvents"]  # type: ignore[misc]
    assert first == {"name": "a", "cat": "target", "ts": 100_000, "pid": 1, "tid": 2, "ph": "i", "s": "t"}

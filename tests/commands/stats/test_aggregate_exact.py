"""The exact sums of `devtel stats` are those of the report, whatever a journal holds."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devtelemetry_cli import aggregate
from devtelemetry_cli.client.journal import reader, writer
from devtelemetry_cli.client.journal.reader import Tally
from devtelemetry_cli.commands.stats import aggregate_exact
from devtelemetry_cli.commands.stats.aggregate_exact import Key, Sum
from tests.helpers.samples import DAY, NOON, no_process_runs

START = {"run": "1", "time": NOON, "offset": 0, "pid": 7, "grant": "g", "project": "shop", "target": "test"}
END = {"run": "1", "time": NOON, "offset": 0, "duration": 2.5, "exit": 0, "cpu": 0.5, "peak_kib": 7}
GOOD = writer.encode("start", START) + writer.encode("end", END)  # type: ignore[arg-type]


def fast(path: Path) -> tuple[dict[Key, Sum], Tally]:
    tally = Tally()
    return aggregate_exact.day(reader.blocks(path, tally), tally, no_process_runs), tally


def slow(path: Path) -> tuple[dict[Key, tuple[int, ...]], Tally]:
    tally = Tally()
    day = aggregate.day(DAY, reader.records(path, tally), None, no_process_runs)
    return {
        key: (t.runs, t.failures, t.interrupted, t.lost, sum(t.durations.values()))
        for key, t in day.metrics.targets.items()
    }, tally


def assert_both_read_the_same(path: Path) -> None:
    found, counted = fast(path)
    told = {key: (t.runs, t.failures, t.interrupted, t.lost, len(t.durations)) for key, t in found.items()}
    assert (told, counted) == slow(path)


def changed(**values: object) -> bytes:
    """A run whose start or end holds other values; None takes one out."""
    start, end = START | {k: v for k, v in values.items() if k in START}, END | values
    parts = ({"v": 1, "event": name, **fields} for name, fields in (("start", start), ("end", end)))
    return b"".join(b"\n" + json.dumps({k: v for k, v in p.items() if v is not None}).encode() for p in parts)


ODD: list[object] = [
    None, "", "x", "x" * 65, -1, 0, 1.5, 255, 256, 2**53, 1e400, True, [], {}, "bad name", "\x1b[2J", "/abs", "(other)",
]  # fmt: skip
NAMES = sorted({*START, *END, "signal", "interrupted", "unknown"})


@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_good_or_damaged_for_both(tmp_path: Path, name: str) -> None:
    for number, value in enumerate(ODD):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(GOOD.replace(b'"1"', b'"2"') + changed(**{name: value}))
        assert_both_read_the_same(path)


@given(
    st.lists(
        st.sampled_from([*GOOD.split(b"\n"), b"{", b"\xff\x00", b"[1]", b"  ", b'{"v":2,"event":"x"}', b'{"v":2}'])
    )
)
@example([b"[" * 100_000])
@example([b"x" * 700_000, *GOOD.split(b"\n")])
@settings(max_examples=60)
def test_lines_in_any_order_and_damaged_ones_mean_the_same_to_both(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "day.jsonl"
    path.write_bytes(b"\n".join(content))
    assert_both_read_the_same(path)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
@settings(max_examples=150)
def test_bytes_overwritten_anywhere_mean_the_same_to_both(
    tmp_path_factory: pytest.TempPathFactory, place: int, other: bytes
) -> None:
    path = tmp_path_factory.mktemp("journal") / "day.jsonl"
    path.write_bytes(GOOD[:place] + other + GOOD[place + len(other) :])
    assert_both_read_the_same(path)


def test_processor_seconds_are_added_up_and_the_largest_memory_kept(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    other = (b'"1"', b'"2"'), (b'"cpu":0.5', b'"cpu":1.25'), (b'"peak_kib":7', b'"peak_kib":900')
    content = GOOD
    for old, new in other:
        content = content.replace(old, new)
    path.write_bytes(GOOD + content)
    total = fast(path)[0]["shop", "test"]
    both = Sum()
    both.add(total)
    assert (both.cpu, both.peak_kib) == (total.cpu, total.peak_kib) == (1.75, 900)


def test_records_across_blocks_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    runs = [GOOD.replace(b'"run":"1"', b'"run":"%d"' % number) for number in range(3000)]
    path.write_bytes(b"".join(runs))
    found, tally = fast(path)
    assert (found["shop", "test"].runs, tally) == (3000, Tally())


def test_what_is_no_file_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        fast(tmp_path)

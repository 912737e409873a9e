"""Reading a day's records: whatever the file holds, whole records are found and the rest is counted."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.client.journal import reader, writer
from devtelemetry_cli.model.records import End, Start
from tests.helpers.samples import DAY, NOON

START: dict[str, Any] = {"run": "a", "time": NOON, "offset": 0, "pid": 7, "grant": "g", "target": "build"}
END: dict[str, Any] = {"run": "a", "time": NOON, "offset": 0, "duration": 1.0, "exit": 0}
JOURNAL = [
    writer.encode("start", START),
    writer.encode("start", START | {"run": "b", "branch": "default", "age_days": 1}),
    writer.encode("end", END | {"run": "b", "exit": None, "signal": 15}),
    writer.encode("end", END),
]


def found(content: bytes, folder: Path) -> tuple[list[Start | End], reader.Tally]:
    file = folder / f"{DAY}.jsonl"
    file.write_bytes(content)
    tally = reader.Tally()
    return list(reader.records(file, tally)), tally


def line(event: str, values: dict[str, Any]) -> bytes:
    return b"\n" + json.dumps({"v": 1, "event": event, **values}).encode()


def test_a_file_cut_at_any_byte_yields_every_whole_record_before_the_cut(tmp_path: Path) -> None:
    content, whole = b"".join(JOURNAL), found(b"".join(JOURNAL), tmp_path)[0]
    ends = [len(b"".join(JOURNAL[: number + 1])) for number in range(len(JOURNAL))]
    assert len(whole) == len(JOURNAL)
    for cut in range(len(content) + 1):
        records, tally = found(content[:cut], tmp_path)
        assert records == whole[: sum(end <= cut for end in ends)]
        on_an_edge = any(cut - end in (0, 1) for end in [0, *ends])
        assert tally.damaged == (0 if on_an_edge else 1)


NOISE = st.binary(max_size=60) | st.builds(
    lambda some, n: some * n, st.binary(min_size=1, max_size=9), st.integers(1, 2000)
)


@settings(max_examples=100)
@given(st.lists(NOISE, max_size=4))
def test_records_between_noise_are_found_and_nothing_raises(tmp_path: Path, noises: list[bytes]) -> None:
    content = b"".join(b"\n" + noise + JOURNAL[0] for noise in noises)
    records, tally = found(content, tmp_path)
    assert records == [Start(**START)] * len(noises)
    assert tally.damaged >= sum(bool(noise.strip()) for noise in noises)


@settings(max_examples=150)
@given(st.data())
def test_a_mutated_journal_never_raises_and_costs_the_touched_records_at_most(
    tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(b"".join(JOURNAL))
    place = data.draw(st.integers(0, len(content)))
    content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    records, tally = found(bytes(content), tmp_path)
    assert len(records) + tally.damaged + tally.newer >= len(JOURNAL) - 2
    assert len(records) >= len(JOURNAL) - 2


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()) | st.just({})


@settings(max_examples=150)
@given(
    st.sampled_from([("start", START), ("end", END)]),
    st.dictionaries(st.sampled_from([*Start.__struct_fields__, *END, "signal", "v", "event", "x"]), VALUES),
)
def test_values_of_any_kind_never_raise(
    tmp_path: Path, kind: tuple[str, dict[str, Any]], changes: dict[str, Any]
) -> None:
    text = json.dumps({"v": 1, "event": kind[0], **kind[1], **changes}, default=str)
    records, tally = found(text.encode(), tmp_path)
    assert len(records) + tally.damaged + tally.newer == 1


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"7",
        b'"x"',
        b"null",
        b"{",
        b"\xff\xfe{\0}\0",
        b"\0" * 100,
        b"[" * 4000,
        b'{"v":' * 600,
        b'{"v":1}',
        b'{"event":"start"}',
        b'{"v":1,"event":"pause","run":"a"}',
        b'{"v":1,"event":["start"],"run":"a"}',
        b'{"v":' + b"1" * 4000 + b"2",
    ],
    ids=lambda text: text[:24].decode("latin-1"),
)
def test_a_line_that_is_no_record_is_counted_as_damaged(tmp_path: Path, text: bytes) -> None:
    records, tally = found(JOURNAL[0] + b"\n" + text + JOURNAL[3], tmp_path)
    assert records == [Start(**START), End(**END)]
    assert tally == reader.Tally(damaged=1)


WRONG_START = [
    {"run": ""}, {"run": 1}, {"run": "x" * 65}, {"target": ""}, {"target": None}, {"grant": 1}, {"project": ["a"]},
    {"parent": {}}, {"time": "now"}, {"time": -1}, {"time": 1e300}, {"time": float("nan")}, {"time": float("inf")},
    {"time": True}, {"offset": 1.5}, {"offset": 10**6}, {"offset": True}, {"pid": -1}, {"pid": "7"}, {"pid": 2**60},
    {"folded": 1}, {"branch": "main"}, {"branch": ["default"]}, {"age_days": -1}, {"age_days": 1.5}, {"later": 1},
]  # fmt: skip
WRONG_END = [
    {"run": 1}, {"duration": -1}, {"duration": float("nan")}, {"duration": float("inf")}, {"duration": 1e300},
    {"duration": "1"}, {"duration": True}, {"exit": None}, {"exit": "0"}, {"exit": -1}, {"exit": True}, {"signal": 9},
    {"exit": None, "signal": "9"}, {"interrupted": 1}, {"cpu": "x"}, {"peak_kib": 1.5}, {"offset": None}, {"time": []},
]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "values"),
    [("start", START | wrong) for wrong in WRONG_START] + [("end", END | wrong) for wrong in WRONG_END],
    ids=[str(wrong) for wrong in [*WRONG_START, *WRONG_END]],
)
def test_a_value_that_we_never_write_damages_its_record(tmp_path: Path, event: str, values: dict[str, Any]) -> None:
    assert found(line(event, values), tmp_path) == ([], reader.Tally(damaged=1))


@pytest.mark.parametrize(
    ("event", "values"),
    [("start", {name: value for name, value in START.items() if name != gone}) for gone in START]
    + [("end", {name: value for name, value in END.items() if name != gone}) for gone in END],
)
def test_a_record_without_a_part_of_it_is_damaged(tmp_path: Path, event: str, values: dict[str, Any]) -> None:
    assert found(line(event, values), tmp_path) == ([], reader.Tally(damaged=1))


@pytest.mark.parametrize("name", ["target", "project"])
@pytest.mark.parametrize("text", ["a b", "/etc/passwd", "\x1b[2J", "\ud800", "a\0b", "ü"])
def test_a_name_that_we_never_record_is_never_sent(tmp_path: Path, name: str, text: str) -> None:
    assert found(line("start", START | {name: text}), tmp_path) == ([], reader.Tally(damaged=1))


def test_the_name_for_all_others_is_one_that_we_record(tmp_path: Path) -> None:
    assert len(found(line("start", START | {"target": "(other)"}), tmp_path)[0]) == 1


@pytest.mark.parametrize("code", [{"exit": 256}, {"exit": None, "signal": 256}])
def test_an_outcome_that_no_process_has_is_damaged(tmp_path: Path, code: dict[str, Any]) -> None:
    assert found(line("end", END | code), tmp_path) == ([], reader.Tally(damaged=1))


def test_a_newer_form_is_counted_as_newer(tmp_path: Path) -> None:
    newer = json.dumps({"v": 2, "event": "pause", "wholly": ["new"]}).encode()
    assert found(newer + JOURNAL[0], tmp_path) == ([Start(**START)], reader.Tally(newer=1))


def test_empty_lines_and_empty_files_are_no_damage(tmp_path: Path) -> None:
    assert found(b"", tmp_path) == ([], reader.Tally())
    assert found(b"\n\n \n\r\n", tmp_path) == ([], reader.Tally())


@pytest.mark.parametrize("length", [4094, 4095, 4096, 4097, 8192, 8193, 20_000])
def test_a_line_too_long_for_a_record_is_one_damage(tmp_path: Path, length: int) -> None:
    records, tally = found(b"x" * length + JOURNAL[0], tmp_path)
    assert (records, tally) == ([Start(**START)], reader.Tally(damaged=1))


def test_ten_megabytes_without_a_line_break_take_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "big.jsonl"
    file.write_bytes(b"x" * 10_000_000 + JOURNAL[0])
    tally = reader.Tally()
    tracemalloc.start()
    records = list(reader.records(file, tally))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(records), tally.damaged) == (1, 1)
    assert peak < 2_000_000


def test_memory_holds_a_block_of_records_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / f"{DAY}.jsonl"
    file.write_bytes(JOURNAL[0] * 50_000)
    reading = reader.records(file, reader.Tally())
    tracemalloc.start()
    assert sum(1 for _ in reading) == 50_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_a_file_that_cannot_be_read_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        list(reader.records(tmp_path / "none.jsonl", reader.Tally()))
    with pytest.raises(OSError, match="not a regular file"):
        list(reader.records(tmp_path, reader.Tally()))


def test_days_are_what_is_named_by_a_date_in_order_even_where_it_cannot_be_read(tmp_path: Path) -> None:
    for name in ("2026-11-22.jsonl", "2025-01-02.jsonl", "2026-02-30.jsonl", "2026-11-22.json", "x.jsonl", "hosts"):
        (tmp_path / name).touch()
    (tmp_path / "2026-11-23.jsonl").mkdir()
    assert reader.days(tmp_path) == ["2025-01-02", "2026-11-22", "2026-11-23"]
    assert reader.file(tmp_path, "2026-11-22").exists()


def test_a_folder_that_is_not_there_has_no_days(tmp_path: Path) -> None:
    assert reader.days(tmp_path / "none") == []

"""Appending records: one write each, to a real file or not at all, and never a wait."""

import json
import os
import resource
import signal
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devtelemetry_cli.client.journal import reader, writer
from devtelemetry_cli.model.records import End, Start
from tests.helpers.samples import DAY, NOON

START = {"run": "0123456789abcdef", "time": NOON, "offset": 3600, "pid": 7, "grant": "g", "target": "dev.up"}
END = {"run": "0123456789abcdef", "time": NOON + 1, "offset": 3600, "duration": 1.25, "exit": 0}


def read_back(file: Path) -> tuple[list[Start | End], int]:
    tally = reader.Tally()
    return list(reader.records(file, tally)), tally.damaged


def test_a_record_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    writer.create(str(tmp_path), DAY, writer.encode("start", START))
    writer.append(str(tmp_path), DAY, writer.encode("end", END))
    lines = (tmp_path / f"{DAY}.jsonl").read_text().split("\n")
    assert [json.loads(line)["event"] for line in lines if line] == ["start", "end"]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    context = {"project": "shop", "folded": True, "parent": "f" * 16, "branch": "other", "age_days": 3}
    outcome = {"signal": 2, "exit": None, "interrupted": True, "cpu": 0.5, "peak_kib": 2048}
    writer.create(str(tmp_path), DAY, writer.encode("start", START | context))
    writer.append(str(tmp_path), DAY, writer.encode("end", END | outcome))
    expected = [Start(**(START | context)), End(**(END | outcome))]
    assert read_back(tmp_path / f"{DAY}.jsonl") == (expected, 0)


@pytest.mark.parametrize(
    "value", ["", 'a"b', "back\\slash", "tab\t", "line\nbreak", "ü", "\udcff", "\0", "\x7f", "😀", 0, -1, 2**53, True]
)
def test_a_value_is_written_as_json_reads_it(value: str | int) -> None:
    line = writer.encode("start", {"value": value})
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert json.loads(line)["value"] == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (10.0, "10"), (100.0, "100"), (1.5, "1.5"), (0.000001, "0.000001"), (1e-9, "0"), (NOON, "1795348800")],
)
def test_a_float_is_written_to_the_microsecond_without_an_exponent(value: float, text: str) -> None:
    assert writer.encode("end", {"value": value}).endswith(f'"value":{text}}}'.encode())


def test_what_is_not_known_is_left_out() -> None:
    assert b"branch" not in writer.encode("start", {"run": "a", "branch": None})


def test_half_a_line_before_a_record_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / f"{DAY}.jsonl"
    file.write_bytes(writer.encode("start", START)[:40])
    writer.append(str(tmp_path), DAY, writer.encode("end", END))
    assert read_back(file) == ([End(**END)], 1)


def test_append_never_makes_a_file_that_was_erased(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        writer.append(str(tmp_path), DAY, b"\n{}")
    assert list(tmp_path.iterdir()) == []


def test_create_makes_the_file_and_its_folders_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "journal" / "key" / "host"
    writer.create(str(folder), DAY, b"\n{}")
    assert stat.S_IMODE((folder / f"{DAY}.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


def test_create_keeps_what_is_there(tmp_path: Path) -> None:
    writer.create(str(tmp_path), DAY, b"\n1")
    writer.create(str(tmp_path), DAY, b"\n2")
    assert (tmp_path / f"{DAY}.jsonl").read_bytes() == b"\n1\n2"


def put_fifo(file: Path) -> None:
    os.mkfifo(file)


def put_folder(file: Path) -> None:
    file.mkdir()


def put_device(file: Path) -> None:
    file.symlink_to("/dev/null")


@pytest.mark.parametrize("put", [put_fifo, put_folder, put_device])
@pytest.mark.parametrize("store", [writer.create, writer.append])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, put: object, store: object) -> None:
    put(tmp_path / f"{DAY}.jsonl")  # type: ignore[operator]
    before = time.monotonic()
    with pytest.raises(OSError, match=DAY):
        store(str(tmp_path), DAY, b"\n{}")  # type: ignore[operator]
    assert time.monotonic() - before < 5


def test_a_fifo_with_a_reader_gets_nothing(tmp_path: Path) -> None:
    fifo = tmp_path / f"{DAY}.jsonl"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match="not a file"):
        writer.append(str(tmp_path), DAY, b"\n{}")
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_a_record_that_fits_only_in_part_is_an_oserror(tmp_path: Path) -> None:
    writer.create(str(tmp_path), DAY, b"x" * 1000)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1010, 1010))
        os._exit(partly(tmp_path))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert (tmp_path / f"{DAY}.jsonl").stat().st_size == 1010


def partly(folder: Path) -> int:
    try:
        writer.append(str(folder), DAY, b"\n" + b"y" * 100)
    except OSError as fault:
        return 7 if "in part" in str(fault) else 1
    return 0


def test_a_folder_that_cannot_be_made_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        writer.create(str(tmp_path / "file" / "journal"), DAY, b"\n{}")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    put_fifo(tmp_path / f"{DAY}.jsonl")
    writer.create(str(tmp_path), "2026-11-23", b"\n{}")
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208  it is a folder of descriptors
    for day in (DAY, "2026-11-23") * 5:
        try:
            writer.append(str(tmp_path), day, b"\n{}")
        except OSError:
            continue
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_many_processes_lose_nothing_to_one_another(tmp_path: Path) -> None:
    children = [fork_writer(tmp_path, number) for number in range(32)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 32
    records, damaged = read_back(tmp_path / "j" / f"{DAY}.jsonl")
    assert damaged == 0
    assert {record.run for record in records} == {f"{n}-{i}" for n in range(32) for i in range(50)}


def fork_writer(folder: Path, number: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        for index in range(50):
            record = writer.encode("start", START | {"run": f"{number}-{index}", "target": "x" * (index + 1)})
            writer.create(str(folder / "j"), DAY, record)
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_the_local_date_and_offset_are_those_of_the_zone(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    for hour in range(0, 24 * 365, 501):
        seconds = NOON + hour * 3600
        there = datetime.fromtimestamp(seconds, UTC).astimezone()
        assert writer.local_date(seconds) == there.date().isoformat()
        assert writer.local_offset(seconds) == there.utcoffset().total_seconds()  # type: ignore[union-attr]
    monkeypatch.undo()
    time.tzset()

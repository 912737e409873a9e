"""The counter of records that could not be kept: of fixed size, and never in the way."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from devtelemetry_cli.client.journal import dropped
from devtelemetry_cli.client.paths import StateDir


def counter(state: Path) -> Path:
    return state / "dropped"


def test_what_is_dropped_is_counted(tmp_path: Path) -> None:
    dropped.prepare(StateDir(tmp_path))
    for _ in range(3):
        dropped.count(StateDir(tmp_path))
    assert dropped.counted(StateDir(tmp_path)) == 3


def test_the_counter_never_grows(tmp_path: Path) -> None:
    dropped.prepare(StateDir(tmp_path))
    size = counter(tmp_path).stat().st_size
    counter(tmp_path).write_bytes(b"9".rjust(size, b"0"))
    dropped.count(StateDir(tmp_path))
    assert (counter(tmp_path).stat().st_size, dropped.counted(StateDir(tmp_path))) == (size, 10)


def test_preparing_again_keeps_the_count(tmp_path: Path) -> None:
    dropped.prepare(StateDir(tmp_path / "state"))
    dropped.count(StateDir(tmp_path / "state"))
    dropped.prepare(StateDir(tmp_path / "state"))
    assert dropped.counted(StateDir(tmp_path / "state")) == 1
    assert stat.S_IMODE((tmp_path / "state" / "dropped").stat().st_mode) == 0o600


def test_without_an_agreement_nothing_is_counted_and_nothing_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dropped.count(StateDir(tmp_path))
    assert dropped.counted(StateDir(tmp_path)) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"x" * 12, b"12", b"\xff\xfe", b"1" * 500])
def test_a_damaged_counter_starts_anew_and_hinders_nobody(tmp_path: Path, content: bytes) -> None:
    counter(tmp_path).write_bytes(content)
    dropped.prepare(StateDir(tmp_path))
    before = dropped.counted(StateDir(tmp_path))
    dropped.count(StateDir(tmp_path))
    assert dropped.counted(StateDir(tmp_path)) == before + 1


def test_a_folder_or_a_fifo_in_its_place_counts_nothing(tmp_path: Path) -> None:
    counter(tmp_path).mkdir()
    assert dropped.counted(StateDir(tmp_path)) == 0
    counter(tmp_path).rmdir()
    os.mkfifo(counter(tmp_path))
    assert dropped.counted(StateDir(tmp_path)) == 0
    with pytest.raises(OSError, match="seek"):
        dropped.count(StateDir(tmp_path))


def test_a_lock_that_somebody_holds_is_not_waited_for(tmp_path: Path) -> None:
    dropped.prepare(StateDir(tmp_path))
    with counter(tmp_path).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        dropped.count(StateDir(tmp_path))
    assert dropped.counted(StateDir(tmp_path)) == 1

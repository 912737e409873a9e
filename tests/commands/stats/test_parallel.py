"""Files read in several processes come to the same as one after the other."""

import os
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

import pytest

from devtelemetry_cli.commands.stats import parallel


def size_and_process(file: Path) -> tuple[int, int]:
    return len(file.read_bytes()), os.getpid()


@pytest.fixture
def files(tmp_path: Path) -> Sequence[Path]:
    """Three files of 1, 2 and 3 bytes."""
    for size in (1, 2, 3):
        (tmp_path / str(size)).write_bytes(b"x" * size)
    return sorted(tmp_path.iterdir())


def test_little_is_read_here_one_after_the_other(files: Sequence[Path]) -> None:
    here = os.getpid()
    assert list(parallel.map_files(size_and_process, files)) == [(1, here), (2, here), (3, here)]


def test_much_is_read_in_other_processes_in_order(files: Sequence[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_LEAST", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    done = list(parallel.map_files(size_and_process, files))
    assert [size for size, _ in done] == [1, 2, 3]
    assert os.getpid() not in [process for _, process in done]


def test_without_processes_it_continues_alone(files: Sequence[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_semaphores(*_: object, **__: object) -> None:
        raise NotImplementedError("no semaphores here")

    monkeypatch.setattr(parallel, "_LEAST", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(futures, "ProcessPoolExecutor", no_semaphores)
    assert [size for size, _ in parallel.map_files(size_and_process, files)] == [1, 2, 3]


def test_a_file_that_is_gone_counts_as_nothing(tmp_path: Path) -> None:
    assert list(parallel.map_files(lambda file: file.name, [tmp_path / "gone"])) == ["gone"]

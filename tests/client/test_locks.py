"""Locks between processes: one holder at a time, whatever happens to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtelemetry_cli.client import locks

HOLDER = """\
import sys
from devtelemetry_cli.client import locks

with locks.held(sys.argv[1], 0):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its input ends."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "a.lock")]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_held_lock_is_busy_and_free_after_its_holder_was_killed(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    file = str(tmp_path / "a.lock")
    with holder:
        with pytest.raises(locks.BusyError), locks.held(file, 0):
            pass
        holder.send_signal(signal.SIGKILL)
    with locks.held(file, 0):
        pass
    assert Path(file).stat().st_mode & 0o777 == 0o600


def test_a_lock_is_waited_for(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    file = str(tmp_path / "a.lock")
    begin = time.monotonic()
    with pytest.raises(locks.BusyError), locks.held(file, 0.1):
        pass
    assert time.monotonic() - begin >= 0.1
    with holder:
        assert holder.stdin is not None
        holder.stdin.close()
        with locks.held(file, 10):
            pass


def test_a_lock_ends_with_its_block_although_a_forked_process_has_its_file(tmp_path: Path) -> None:
    file = str(tmp_path / "a.lock")
    with locks.held(file, 0):
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        with locks.held(file, 0):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_an_error_releases_the_lock_and_the_file_stays(tmp_path: Path) -> None:
    file = str(tmp_path / "a.lock")
    with pytest.raises(ZeroDivisionError), locks.held(file, 0):
        raise ZeroDivisionError
    with locks.held(file, 0):
        pass
    assert Path(file).is_file()

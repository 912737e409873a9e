"""Many journal files at once: a person waits, and reading is all work of the processor."""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

_WORTH_IT = 32 * 2**20  # bytes; below it starting processes costs more than they save
_MOST = 4

Result = TypeVar("Result")


def work(task: Callable[[Path], Result], files: Sequence[Path]) -> Iterable[Result]:
    """What `task` makes of each file, in their order; in several processes where that saves time."""
    workers = min(_MOST, os.cpu_count() or 1, len(files))
    if workers > 1 and sum(map(_size, files)) >= _WORTH_IT:
        try:
            with ProcessPoolExecutor(workers, initializer=_leave_interrupts_to_the_first) as pool:
                return list(pool.map(task, files))
        except (OSError, NotImplementedError, BrokenProcessPool):
            pass  # no semaphores or no process to be had here: one after the other, then
    return map(task, files)


def _leave_interrupts_to_the_first() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first ends the others after their file


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0

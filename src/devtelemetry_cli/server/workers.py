"""Worker processes over one listening socket: started, supervised, restarted, and ended together."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType

from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.server.logs import Log

RESTART_SECONDS = 1.0
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Workers:
    """`count` processes that each call `work(number, parent)`; `parent` becomes readable when this process ends."""

    def __init__(self, count: int, work: Callable[[int, int], None], say: Log) -> None:
        self._count = count
        self._work = work
        self._say = say
        self._running: dict[int, int] = {}
        self._stopping = False

    def run(self) -> int:
        """Until SIGTERM or SIGINT, or until a worker cannot start at all; the exit code."""
        for one in SIGNALS:
            signal.signal(one, self._stop)
        parent, alive = os.pipe()  # the write end closes when this process ends, however it does
        failed, first = 0, time.monotonic()
        for number in range(self._count):
            self._start(number, parent, alive)
        while self._running:
            pid, status = os.wait()
            number = self._running.pop(pid, -1)
            code = os.waitstatus_to_exitcode(status)
            if self._stopping or number < 0:
                continue
            if (
                code in (69, 78) and time.monotonic() - first < 10
            ):  # it printed the reason, and a restart would fail the same
                failed = code
                self._stop()
                continue
            self._say(f"devtel serve: worker {number} ended with {code}, another is started")
            time.sleep(RESTART_SECONDS)
            if not self._stopping:
                self._start(number, parent, alive)
        return failed

    def _start(self, number: int, parent: int, alive: int) -> None:
        # A signal between the fork and the record of its id would miss the new process.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                os.close(alive)
                self._as_worker(number, parent)
            self._running[pid] = number
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _as_worker(self, number: int, parent: int) -> None:
        code = 1
        try:
            for one in SIGNALS:
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._work(number, parent)
            code = 0
        except DevtelError as error:
            self._say(f"devtel: {error}")
            code = error.exit_code
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        self._stopping = True
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)

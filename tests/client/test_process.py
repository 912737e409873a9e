"""What a run looks up while make runs ends soon after make does."""

import signal
import time

import pytest

from devtelemetry_cli.client import process


def busy(seconds: float) -> str:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "done"


def test_a_step_that_goes_on_after_makes_end_is_given_up() -> None:
    before = time.process_time()
    with pytest.raises(process.TooSlowError):
        process.interruptible(lambda: True, busy, 30)
    assert time.process_time() - before < 10


def test_a_step_may_take_its_time_while_make_runs() -> None:
    assert process.interruptible(lambda: False, busy, 0.2) == "done"


def test_a_short_step_is_finished_even_after_makes_end_and_leaves_no_timer() -> None:
    before = signal.getsignal(signal.SIGPROF)
    assert process.interruptible(lambda: True, busy, 0.001) == "done"
    assert (signal.getsignal(signal.SIGPROF), signal.getitimer(signal.ITIMER_PROF)) == (before, (0.0, 0.0))

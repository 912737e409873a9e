"""Timing of requests: a rate limit, and pauses before the next attempt. Time is an argument."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clock:
    """Wall-clock time (POSIX seconds), monotonic time (seconds), and waiting."""

    now: Callable[[], float] = time.time
    passed: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Policy:
    """Limits of a client: seconds, but for `tries` and `rate` (requests per second, 0 for no limit)."""

    tries: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    longest_retry_after: float = 300.0
    timeout: float = 30.0
    remote_timeout: float = 0.0  # for answers that wait for the service behind a connection; 0: as the others
    rate: float = 0.0

    def pause(self, failures: int, retry_after: float | None) -> float:
        """Seconds before the next attempt: the server's `Retry-After`, else exponential backoff with jitter."""
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.longest_retry_after)
        most = min(self.longest_pause, self.first_pause * 2.0 ** min(failures, 16))
        return random.uniform(most / 2, most)  # noqa: S311  no secret


@dataclass
class RateLimiter:
    """Spaces requests so that at most `rate` of them start within a second."""

    rate: float
    clock: Clock
    _next: float = field(default=0.0, init=False)

    def wait(self) -> None:
        """Wait until the next request may start."""
        if self.rate <= 0:
            return
        now = self.clock.passed()
        if now < self._next:
            self.clock.wait(self._next - now)
        self._next = max(now, self._next) + 1.0 / self.rate

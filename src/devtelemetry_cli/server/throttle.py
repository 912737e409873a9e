"""Rate limits, kept in the memory of one process."""

import time
from collections.abc import Callable, Hashable

MAX_KEYS = 10_000


class RateLimit:
    """For each key at most `burst` events at once, and `per_second` on average.

    The generic cell rate algorithm: one number per key, the time at which its events would have arrived at the
    allowed rate. Source: ITU-T I.371, annex A.
    """

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._arrival: dict[Hashable, float] = {}

    def wait(self, key: Hashable, per_second: float | None = None) -> float:
        """Seconds until the next event of `key` is allowed; 0 if it is now. `per_second` replaces the usual rate."""
        now, rate = self._clock(), per_second or self._per_second
        return max(0.0, self._arrival.get(key, now) - now - (self._burst - 1) / rate)

    def count(self, key: Hashable, per_second: float | None = None) -> None:
        """Count an event of `key`."""
        now = self._clock()
        if len(self._arrival) >= MAX_KEYS:
            self._arrival = {key: arrival for key, arrival in self._arrival.items() if arrival > now}
        self._arrival[key] = max(self._arrival.get(key, now), now) + 1 / (per_second or self._per_second)


class LoginThrottle:
    """Failed logins: 10 at once per peer and 60 in all, then one more per 6 seconds and per second."""

    def __init__(self) -> None:
        self._by_peer = RateLimit(1 / 6, 10)
        self._overall = RateLimit(1, 60)

    def wait(self, peer: str) -> float:
        """Seconds until `peer` may try again, 0 if it may now."""
        return max(self._by_peer.wait(peer), self._overall.wait(""))

    def failed(self, peer: str) -> None:
        """Count a failed login."""
        self._by_peer.count(peer)
        self._overall.count("")

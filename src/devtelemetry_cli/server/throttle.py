"""Rate limits, kept in the memory of one process."""

import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

MAX_KEYS = 10_000


class Rate(NamedTuple):
    """At most `burst` events at once, and `per_second` on average."""

    per_second: float
    burst: float


class RateLimit:
    """Limits the events of each key to a rate.

    The generic cell rate algorithm: one number per key, the time at which its events would have arrived at the
    allowed rate. Source: ITU-T I.371, annex A.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._arrival: dict[Hashable, float] = {}

    def wait(self, key: Hashable, rate: Rate | None = None) -> float:
        """Seconds until the next event of `key` is allowed; 0 if it is now. `rate` replaces the usual one."""
        now, rate = self._clock(), rate or self._rate
        return max(0.0, self._arrival.get(key, now) - now - (rate.burst - 1) / rate.per_second)

    def count(self, key: Hashable, rate: Rate | None = None) -> None:
        """Count an event of `key`."""
        now, rate = self._clock(), rate or self._rate
        if len(self._arrival) >= MAX_KEYS:
            self._arrival = {key: arrival for key, arrival in self._arrival.items() if arrival > now}
        self._arrival[key] = max(self._arrival.get(key, now), now) + 1 / rate.per_second


class LoginThrottle:
    """Failed logins: 10 at once per peer and 60 in all, then one more per 6 seconds and per second."""

    def __init__(self) -> None:
        self._by_peer = RateLimit(Rate(1 / 6, 10))
        self._overall = RateLimit(Rate(1, 60))

    def wait(self, peer: str) -> float:
        """Seconds until `peer` may try again, 0 if it may now."""
        return max(self._by_peer.wait(peer), self._overall.wait(""))

    def failed(self, peer: str) -> None:
        """Count a failed login."""
        self._by_peer.count(peer)
        self._overall.count("")


class ReportThrottle:
    """Reports of each connection: 50,000 at once, then 100 a second, or the connection's own number an hour.

    A fleet of 100,000 developers sends 28 a second in its busiest hour.
    """

    USUAL = Rate(100, 50_000)

    def __init__(self) -> None:
        self._by_connection = RateLimit(self.USUAL)

    def take(self, connection_id: int, per_hour: int) -> float:
        """Count a report and return 0, or return the seconds until the next one is allowed. 0 `per_hour`: the usual."""
        rate = Rate(per_hour / 3600, per_hour) if per_hour else self.USUAL
        if not (seconds := self._by_connection.wait(connection_id, rate)):
            self._by_connection.count(connection_id, rate)
        return seconds

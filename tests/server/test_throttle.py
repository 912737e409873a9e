"""Rate limits, with a clock of the test's own."""

from devtelemetry_cli.server.throttle import MAX_KEYS, Rate, RateLimit


class Clock:
    """Seconds that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def allowed(limit: RateLimit, key: object, attempts: int) -> int:
    """How many of the attempts are allowed."""
    count = 0
    for _ in range(attempts):
        if not limit.wait(key):
            limit.count(key)
            count += 1
    return count


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(Rate(2, 5), clock)
    assert allowed(limit, "a", 20) == 5
    assert 0 < limit.wait("a") <= 0.5
    clock.now += 1
    assert allowed(limit, "a", 20) == 2
    clock.now += 100
    assert allowed(limit, "a", 20) == 5


def test_keys_have_limits_of_their_own() -> None:
    limit = RateLimit(Rate(1, 1), Clock())
    assert [allowed(limit, key, 2) for key in "abc"] == [1, 1, 1]


def test_the_number_of_keys_in_memory_is_bounded() -> None:
    clock = Clock()
    limit = RateLimit(Rate(1, 1), clock)
    for number in range(3 * MAX_KEYS):
        clock.now += 0.01
        limit.count(number)
    assert len(vars(limit)["_arrival"]) <= MAX_KEYS

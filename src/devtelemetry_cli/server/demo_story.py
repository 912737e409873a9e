"""The story of the made-up year: who reports, what they run, and what happens when.

A test database makes `shop test` slow until it moves to a RAM disk; a cache speeds `index` up; in the last whole week
an updated base image slows `dev.up` down, and `test.e2e` becomes fragile. `billing` joins later, developers join one by
one, some machines are slow, old checkouts fail more often, and targets of single developers wait for others. Weeks
count back from the running one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devtelemetry_cli.model.metrics import Environment

WEEKS = 52
DEVELOPERS = 24
FIRST_DEVELOPERS = 6  # at the beginning; the others join one by one
PRESENCE = 0.75  # of working days
UPDATED = 8  # weeks ago devtel was updated, by most


@dataclass(frozen=True)
class Episode:
    """From `first` to `last` weeks ago, durations are multiplied by `slower`, and `fragile` more of a hundred fail."""

    first: int
    last: int = 0
    slower: float = 1.0
    fragile: float = 0.0


@dataclass(frozen=True)
class Habit:
    """How a target is used: runs a day, the middle of their durations in seconds, how many of a hundred fail.

    With `own` each developer has a target of their own name, which the pages can only show together with others.
    """

    project: str
    target: str
    runs: float
    seconds: float
    fail: float
    episodes: Sequence[Episode] = ()
    since: int = WEEKS  # weeks ago
    own: bool = False

    def name(self, developer: int) -> str:
        """The target as a developer types it."""
        return f"{self.target}-{developer}" if self.own else self.target

    def at(self, week: int) -> tuple[float, float]:
        """The middle duration, and how many of a hundred fail, so many weeks ago."""
        now = [one for one in self.episodes if one.last <= week <= one.first]
        seconds, fail = self.seconds, self.fail
        for one in now:
            seconds, fail = seconds * one.slower, fail + one.fragile
        return seconds, fail


@dataclass(frozen=True)
class Machine:
    """A kind of machine; its runs take `slower` times as long."""

    environment: Environment
    slower: float = 1.0


@dataclass(frozen=True)
class Noted:
    """An event, on a day of the week (0: Monday) so many weeks ago."""

    week: int
    day: int
    text: str
    project: str = ""


HABITS = (
    Habit("shop", "dev.up", 1.6, 95, 4, (Episode(1, slower=1.7),)),
    Habit("shop", "test", 7, 42, 22, (Episode(30, 11, slower=1.5),)),
    Habit("shop", "test.e2e", 0.9, 410, 17, (Episode(1, fragile=18),)),
    Habit("shop", "lint", 4, 7, 12, (Episode(1, slower=0.6),)),
    Habit("shop", "migrate", 0.5, 18, 6),
    Habit("shop", "try", 0.3, 20, 10, since=2, own=True),
    Habit("search", "test", 4, 19, 18),
    Habit("search", "index", 0.9, 230, 9, (Episode(WEEKS, 7, slower=1.8),)),
    Habit("billing", "dev.up", 0.6, 48, 3, since=20),
    Habit("billing", "test", 3, 12, 24, (Episode(3, fragile=-14),), since=20),
    Habit("billing", "docs", 0.1, 33, 2, since=20),
)
EVENTS = (
    Noted(31, 3, "integration tests use a real database", "shop"),
    Noted(20, 0, "billing measures its builds too", "billing"),
    Noted(11, 4, "the test database is on a RAM disk", "shop"),
    Noted(7, 4, "the build cache moved to S3"),
    Noted(4, 4, "flaky tests of billing were mended", "billing"),
    Noted(2, 4, "lint runs on changed files only", "shop"),
    Noted(1, 0, "the base image was updated", "shop"),
)
_LINUX = Environment("linux", "x86_64", 16, 64, "4.3", "0.1.0")
MACHINES = (
    Machine(_LINUX, 0.85),
    Machine(replace(_LINUX, os="darwin", architecture="arm64", cores=10, memory_gib=32, make="3.81"), 0.8),
    Machine(replace(_LINUX, cores=4, memory_gib=16), 1.45),
)


def joined(developer: int) -> int:
    """The week, counted back, since which a developer reports."""
    late = max(0, developer - FIRST_DEVELOPERS + 1)
    return WEEKS - late * (WEEKS - 8) // (DEVELOPERS - FIRST_DEVELOPERS)


def machine(developer: int, week: int) -> Machine:
    """A developer's machine so many weeks ago, with its version of devtel."""
    kind = MACHINES[developer % len(MACHINES)]
    is_updated = week <= UPDATED - developer % 5 and developer % 7
    return replace(kind, environment=replace(kind.environment, devtel="0.2.0")) if is_updated else kind


def works_on(developer: int, project: str) -> bool:
    """Whether a developer works on a project: all on the shop, and each on one of the others."""
    return project == "shop" or (developer % 2 == 0) == (project == "search")

"""The values of a report: made by aggregate, written by encode, read by the server."""

from dataclasses import dataclass, field

from devtelemetry_cli.model import histogram

SCHEMA = 1
BRANCHES = ("default", "other", "detached", "unknown")
AGES = ("0", "1-7", "8-30", "31-90", "91+", "unknown")


@dataclass
class TargetMetrics:
    """One target of one project on one day. Durations in seconds.

    `duration_total`, `duration_max` and `durations` (histogram bucket -> runs) cover the completed runs;
    `waited_seconds` covers the outermost runs, interrupted ones too. `exit_codes` maps "0", "2" or
    "SIGKILL" to runs; `checkouts` maps (branch, age class) to (runs, failures).
    """

    project: str
    target: str
    runs: int = 0
    failures: int = 0
    interrupted: int = 0
    lost: int = 0
    waited_seconds: float = 0.0
    duration_total: float = 0.0
    duration_max: float = 0.0
    durations: dict[int, int] = field(default_factory=dict)
    exit_codes: dict[str, int] = field(default_factory=dict)
    checkouts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def add(self, other: "TargetMetrics") -> None:
        """Count the runs of `other` as this target's too."""
        self.runs += other.runs
        self.failures += other.failures
        self.interrupted += other.interrupted
        self.lost += other.lost
        self.waited_seconds += other.waited_seconds
        self.duration_total += other.duration_total
        self.duration_max = max(self.duration_max, other.duration_max)
        histogram.add(self.durations, other.durations)
        for code, count in other.exit_codes.items():
            self.exit_codes[code] = self.exit_codes.get(code, 0) + count
        for place, (runs, failures) in other.checkouts.items():
            self.add_checkout(place, runs, failures)

    def add_checkout(self, place: tuple[str, str], runs: int, failures: int) -> None:
        """Count runs on a checkout `place`: (branch, age class)."""
        before = self.checkouts.get(place, (0, 0))
        self.checkouts[place] = (before[0] + runs, before[1] + failures)


@dataclass(frozen=True)
class Environment:
    """The machine's properties in a report; empty or 0 where unknown."""

    os: str = ""
    architecture: str = ""
    cores: int = 0
    memory_gib: int = 0
    make: str = ""
    devtel: str = ""


@dataclass
class DailyMetrics:
    """One developer's runs of one local day (`date`, YYYY-MM-DD) on one machine.

    `revision` counts the records behind it: a later report of the same day has a higher one.
    """

    date: str
    revision: int = 0
    hours: set[int] = field(default_factory=set)
    git_seen: bool = False
    targets: dict[tuple[str, str], TargetMetrics] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """All runs of the day, the total that must never fall once it was acknowledged."""
        return sum(target.runs for target in self.targets.values())

    def target(self, project: str, name: str) -> TargetMetrics:
        """The metrics of one target, made when it is seen first."""
        return self.targets.setdefault((project, name), TargetMetrics(project, name))


@dataclass(frozen=True)
class Extension:
    """devtel's own part of a report's `metrics`; `revision` is None for other senders."""

    schema: int
    revision: int | None
    environment: Environment
    targets: list[TargetMetrics]


def developer(anonymous_id: str, host_key: str) -> str:
    """The plugin's key: two machines that share a configuration must not overwrite each other's days."""
    return f"{anonymous_id}.{host_key}"


def anonymous_id(developer_id: str) -> str:
    """The developer's part of a developer key: the text before the first dot, or all of it."""
    return developer_id.partition(".")[0]

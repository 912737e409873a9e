"""How fast and how reliable the same targets are on each kind of machine. Pure.

Rows are divided once, in a tree: operating system and architecture, then memory, then cores, as far as suppression
allows. Every other division, such as cores alone, would overlap with it, and two overlapping divisions of the same runs
can be subtracted from each other. For the same reason no runs or seconds of a kind are shown, only ratios: beside the
cells, and their exit codes and checkouts, sums of a third division could isolate a developer.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from devtelemetry_cli.model import histogram
from devtelemetry_cli.server.team import counters
from devtelemetry_cli.server.team.cells import rounded_down
from devtelemetry_cli.server.team.comparison import ENOUGH_RUNS
from devtelemetry_cli.server.team.suppression import partition

LONGEST_NAME = 40


class Machine(NamedTuple):
    """A kind of machine; 0 stands for all others, and so does an empty platform."""

    platform: str  # operating system and architecture
    memory_gib: int = 0
    cores: int = 0


class Kind(msgspec.Struct, frozen=True):
    """Runs on a kind of machine: never shown, only the ratios.

    `deviation` is the sum, over `completed` runs, of the logarithm of a duration less the mean logarithm of its
    target; `expected` is the number of failures at the failure rates of the targets.
    """

    machine: Machine
    developers: int
    completed: float
    deviation: float
    failures: float
    expected: float

    @property
    def duration_ratio(self) -> float | None:
        """Durations against the mean of the same targets, in steps of 0.05; None for too few runs."""
        return _rounded(math.exp(self.deviation / self.completed)) if self.completed >= ENOUGH_RUNS else None

    @property
    def failure_ratio(self) -> float | None:
        """Failures against those of the same targets, in steps of 0.05; None for too few."""
        enough = self.completed >= ENOUGH_RUNS and self.expected >= 1
        return _rounded(self.failures / self.expected) if enough else None


class MachineRows:
    """The rows of a week's cells, collected by kind of machine and target."""

    def __init__(self) -> None:
        self._developers: dict[Machine, set[str]] = {}
        self._parts: dict[tuple[Machine, str, str], list[float]] = {}  # completed, logarithms, runs, failures

    def add(self, row: Any, measures: Mapping[str, float]) -> None:  # noqa: ANN401 - a row with these columns
        """Collect a row: its developer, machine, project, target and counters."""
        platform = f"{row.os.lower()} {row.architecture}".strip()[:LONGEST_NAME]
        machine = Machine(platform, row.memory_gib, row.cores)
        self._developers.setdefault(machine, set()).add(row.person)
        part = self._parts.setdefault((machine, row.project, row.target), [0.0, 0.0, 0.0, 0.0])
        for bucket, runs in counters.histogram(measures).items():
            part[0] += runs
            part[1] += runs * math.log(histogram.middle(bucket))
        part[2] += measures.get("runs", 0.0)
        part[3] += measures.get("failures", 0.0)

    def kinds(self, k: int) -> list[Kind]:
        """The kinds of at least `k` developers each; none if there are fewer developers."""
        if len(set().union(*self._developers.values())) < k:
            return []
        shown = _tree(self._developers, k)
        whole: dict[tuple[str, str], list[float]] = {}
        for (_, *target), part in self._parts.items():
            _add(whole.setdefault((target[0], target[1]), [0.0] * 4), part)
        sums: dict[Machine, list[float]] = {}
        people: dict[Machine, set[str]] = {}
        for (machine, *target), part in self._parts.items():
            kind = shown[machine]
            people.setdefault(kind, set()).update(self._developers[machine])
            _add(sums.setdefault(kind, [0.0] * 4), _against(part, whole[target[0], target[1]]))
        return [Kind(kind, rounded_down(len(people[kind]), k), *sums[kind]) for kind in sorted(sums)]


def together(kinds: Iterable[Kind]) -> Kind:
    """The runs of one kind of several connections in one week: developers are added."""
    return _added(list(kinds), sum)


def over_weeks(kinds: Iterable[Kind]) -> Kind:
    """The runs of one kind in several weeks, with the developers of the fullest."""
    return _added(list(kinds), max)


def _added(kinds: Sequence[Kind], developers_of: Callable[[Iterable[int]], int]) -> Kind:
    return Kind(
        kinds[0].machine,
        developers_of([kind.developers for kind in kinds]),
        completed=sum(kind.completed for kind in kinds),
        deviation=sum(kind.deviation for kind in kinds),
        failures=sum(kind.failures for kind in kinds),
        expected=sum(kind.expected for kind in kinds),
    )


def _tree(developers: Mapping[Machine, set[str]], k: int) -> dict[Machine, Machine]:
    """Machine -> the kind that it is shown in: platforms, memory inside a platform, cores inside a memory class."""
    shown: dict[Machine, Machine] = {}
    for platform, some in _separate(developers, lambda it: it.platform, k):
        for memory, fewer in _separate(some, lambda it: it.memory_gib, k) if platform else [(None, some)]:
            for cores, few in _separate(fewer, lambda it: it.cores, k) if memory else [(None, fewer)]:
                shown |= dict.fromkeys(few, Machine(platform or "", memory or 0, cores or 0))
    return shown


def _separate(
    developers: Mapping[Machine, set[str]], key: Callable[[Machine], Any], k: int
) -> list[tuple[Any, dict[Machine, set[str]]]]:
    """The machines by their `key`; those that may only be shown together, under None."""
    people: dict[Any, set[str]] = {}
    for machine, some in developers.items():
        people.setdefault(key(machine), set()).update(some)
    separate, _ = partition(people, k)
    groups: dict[Any, dict[Machine, set[str]]] = {}
    for machine, some in developers.items():
        own = key(machine)
        groups.setdefault(own if own in separate else None, {})[machine] = some
    return list(groups.items())


def _against(part: list[float], whole: list[float]) -> list[float]:
    """Completed runs, the sum of deviations, failures and expected failures of a part of a target's runs."""
    completed, logarithms, runs, failures = part
    mean = whole[1] / whole[0] if whole[0] else 0.0
    rate = whole[3] / whole[2] if whole[2] else 0.0
    return [completed, logarithms - completed * mean, failures, runs * rate]


def _add(into: list[float], other: list[float]) -> None:
    for index, value in enumerate(other):
        into[index] += value


def _rounded(ratio: float) -> float:
    return round(20 * ratio) / 20

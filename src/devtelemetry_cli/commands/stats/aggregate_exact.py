"""The records of a day -> sums per target. Every duration is kept: 8 bytes a run give exact quantiles."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from devtelemetry_cli.client.journal.reader import Tally
from devtelemetry_cli.model.records import End, Start, is_recordable_name

Key = tuple[str, str]  # project and target


@dataclass(slots=True)
class Sum:
    """The sums of one target. `waited` is the seconds of the outermost runs, interrupted ones included; `durations`
    are those of the runs that were not interrupted. A report uses the same definitions. `cpu` is the CPU seconds of
    the outermost runs, `peak_kib` the largest peak memory of one process in any run.
    """

    failures: int = 0
    interrupted: int = 0
    lost: int = 0
    waited: float = 0.0
    cpu: float = 0.0
    peak_kib: int = 0
    durations: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def runs(self) -> int:
        """The runs that ended or were lost."""
        return len(self.durations) + self.interrupted + self.lost

    def add(self, other: "Sum") -> None:
        """Add the runs of `other`."""
        self.failures += other.failures
        self.interrupted += other.interrupted
        self.lost += other.lost
        self.waited += other.waited
        self.cpu += other.cpu
        self.peak_kib = max(self.peak_kib, other.peak_kib)
        self.durations.extend(other.durations)


def day(  # noqa: C901  one loop over every run: a call would cost as much as the rest of its body
    blocks: Iterable[list[Start | End]], tally: Tally, is_running: Callable[[Start], bool]
) -> dict[Key, Sum]:
    """The sums of one day's file, by project and target as typed. Runs that have not ended are not counted.

    `is_running(start)` decides whether a run without an end is still running; otherwise it is lost.
    """
    sums: defaultdict[Key, Sum] = defaultdict(Sum)
    opened: dict[str, Start] = {}
    for block in blocks:
        for record in block:
            if isinstance(record, Start):
                opened.setdefault(record.run, record)
                continue
            if (record.exit is None) is (record.signal is None):  # is_recordable(), without the call
                tally.damaged += 1
                continue
            start = opened.pop(record.run, None)
            if start is None:
                continue
            total = sums[start.project, start.target]
            if record.interrupted:
                total.interrupted += 1
            else:
                total.durations.append(record.duration)
                if record.exit != 0:  # a signal leaves it None
                    total.failures += 1
            if record.peak_kib > total.peak_kib:  # noqa: PLR1730  max() takes three times as long
                total.peak_kib = record.peak_kib
            if not start.parent:
                total.waited += record.duration
                total.cpu += record.cpu
    for start in opened.values():
        if not is_running(start):
            sums[start.project, start.target].lost += 1
    return _in_order(_with_valid_names(sums, tally))


def _with_valid_names(sums: dict[Key, Sum], tally: Tally) -> dict[Key, Sum]:
    """Counts invalid names as damaged: no run records them, and a terminal must not print them."""
    valid = {}
    for (project, target), total in sums.items():
        if is_recordable_name(target) and (not project or is_recordable_name(project)):
            valid[project, target] = total
        else:
            tally.damaged += total.runs
    return valid


def _in_order(sums: dict[Key, Sum]) -> dict[Key, Sum]:
    """Sort the durations of each day, since days are read in parallel; merging sorted days is cheap."""
    for total in sums.values():
        total.durations = array("d", sorted(total.durations))
    return sums

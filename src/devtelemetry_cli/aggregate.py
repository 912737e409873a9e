"""A day's records -> DailyMetrics. Pure and streamed: memory grows with targets and open runs, not with runs."""

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812  `date` is a parameter's name

from devtelemetry_cli.model import histogram, target_names
from devtelemetry_cli.model.metrics import DailyMetrics, TargetMetrics
from devtelemetry_cli.model.records import End, Start

_DAY = 86400
_EPOCH = Date(1970, 1, 1).toordinal()


@dataclass
class Day:
    """A day's records added up; `running` counts runs without an end that are not lost; `metrics` leaves them out."""

    metrics: DailyMetrics
    running: int = 0


def day(date: str, records: Iterable[Start | End], grant: str | None, is_running: Callable[[Start], bool]) -> Day:
    """Add up the records of the local day `date` made under `grant` (None: all).

    `is_running(start)`: whether a run without an end still runs; otherwise it is lost.
    """
    metrics = DailyMetrics(date)
    open_runs: dict[str, Start] = {}
    for record in records:
        if isinstance(record, Start):
            if record.run not in open_runs:
                open_runs[record.run] = record
                _count_start(metrics, record, grant)
        else:
            start = open_runs.pop(record.run, None)
            if start is not None and grant in (None, start.grant):
                _count_end(metrics, start, record)
    unfinished = [start for start in open_runs.values() if grant in (None, start.grant)]
    lost = [start for start in unfinished if not is_running(start)]
    for start in lost:
        _count_lost(metrics, start)
    return Day(metrics, running=len(unfinished) - len(lost))


def _count_start(metrics: DailyMetrics, start: Start, grant: str | None) -> None:
    if grant not in (None, start.grant):
        return
    metrics.revision += 1
    metrics.git_seen |= bool(start.branch)
    _count_hour(metrics, start)


def _count_end(metrics: DailyMetrics, start: Start, end: End) -> None:
    metrics.revision += 1
    _count_hour(metrics, end)
    target = _target(metrics, start)
    failed = not end.interrupted and (end.exit != 0 or end.signal is not None)
    target.runs += 1
    target.failures += failed
    target.interrupted += end.interrupted
    outcome = _outcome(end)
    target.exit_codes[outcome] = target.exit_codes.get(outcome, 0) + 1
    if not start.parent:
        target.waited_seconds += end.duration
    if not end.interrupted:
        _count_duration(target, end.duration)
    if start.branch:
        target.add_checkout((start.branch, _age_class(start.age_days)), 1, int(failed))


def _count_lost(metrics: DailyMetrics, start: Start) -> None:
    metrics.revision += 1
    target = _target(metrics, start)
    target.runs += 1
    target.lost += 1


def _count_duration(target: TargetMetrics, seconds: float) -> None:
    target.duration_total += seconds
    target.duration_max = max(target.duration_max, seconds)
    index = histogram.bucket(seconds)
    target.durations[index] = target.durations.get(index, 0) + 1


def _count_hour(metrics: DailyMetrics, record: Start | End) -> None:
    """Count the local hour of a record, if it is on that day: a run may end on the next one."""
    days, seconds = divmod(int(record.time) + record.offset, _DAY)
    if days == Date.fromisoformat(metrics.date).toordinal() - _EPOCH:
        metrics.hours.add(seconds // 3600)


def _target(metrics: DailyMetrics, start: Start) -> TargetMetrics:
    return metrics.target(start.project, target_names.OTHER if start.folded else start.target)


def _outcome(end: End) -> str:
    """An exit code as its number, a signal as its name: the numbers differ between systems."""
    if end.signal is None:
        return str(end.exit)
    try:
        return signal.Signals(end.signal).name
    except ValueError:
        return f"SIG{end.signal}"


def _age_class(days: int | None) -> str:
    if days is None:
        return "unknown"
    for limit, name in ((0, "0"), (7, "1-7"), (30, "8-30"), (90, "31-90")):
        if days <= limit:
            return name
    return "91+"

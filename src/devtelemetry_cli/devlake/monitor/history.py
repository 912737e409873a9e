"""What is remembered of a blueprint between checks, pure: each failed pipeline counts once, whatever is seen twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devtelemetry_cli.devlake.api.pipelines import COMPLETED, Pipeline

KEPT = 50  # failures of which the number and time are kept


@dataclass(frozen=True)
class History:
    """A blueprint's past. Times in POSIX seconds; `fresh` is when the last complete collection began.

    A pipeline up to `floor` never counts; `failures` are those counted above it; all up to `settled` had ended.
    """

    total: int = 0
    floor: int = 0
    settled: int = 0
    failures: tuple[tuple[int, float], ...] = ()
    status: str = ""
    ended: str = ""
    message: str = ""
    duration: float | None = None
    succeeded: float | None = None
    fresh: float | None = None
    failed: float | None = None
    is_failing: bool = False


def after(before: History | None, pipelines: Sequence[Pipeline]) -> tuple[History, list[Pipeline]]:
    """The history once these pipelines (newest first) were seen, and those that failed since, oldest first.

    At the first sight of a blueprint only its newest ended pipeline counts: what was before is past.
    """
    old = before or History(floor=_first_floor(pipelines))
    known = {number for number, _ in old.failures}
    new = [p for p in reversed(pipelines) if p.is_failing and p.id > old.floor and p.id not in known]
    failures = sorted({*old.failures, *((p.id, _end(p)) for p in new)})
    cut = failures[:-KEPT] if len(failures) > KEPT else []
    seen = replace(
        old,
        total=old.total + len(new),
        floor=max([old.floor, *(number for number, _ in cut)]),
        failures=tuple(failures[len(cut) :]),
        settled=_settled(old.settled, pipelines),
    )
    return _with_newest(seen, pipelines), new


def with_success(history: History, success: Pipeline | None) -> History:
    """The history with a success from longer ago, where it knows none."""
    if success is None or history.succeeded is not None:
        return history
    return replace(history, succeeded=success.finished, fresh=success.began or success.finished)


def _with_newest(history: History, pipelines: Sequence[Pipeline]) -> History:
    ended = [pipeline for pipeline in pipelines if pipeline.has_ended]
    success = next((pipeline for pipeline in ended if pipeline.status == COMPLETED), None)
    failure = next((pipeline for pipeline in ended if pipeline.is_failing), None)
    if success:
        history = replace(history, succeeded=success.finished, fresh=success.began or success.finished)
    if failure:
        history = replace(history, failed=_end(failure))
    if ended:
        last = ended[0]
        history = replace(
            history, ended=last.status, message=last.message, duration=last.seconds, is_failing=last.is_failing
        )
    return replace(history, status=pipelines[0].status) if pipelines else history


def _first_floor(pipelines: Sequence[Pipeline]) -> int:
    newest = next((pipeline for pipeline in pipelines if pipeline.has_ended), None)
    if newest is None:
        return 0
    return newest.id - 1 if newest.is_failing else newest.id


def _settled(before: int, pipelines: Sequence[Pipeline]) -> int:
    active = [pipeline.id for pipeline in pipelines if not pipeline.has_ended]
    return min(active) - 1 if active else max([before, *(pipeline.id for pipeline in pipelines)])


def _end(pipeline: Pipeline) -> float:
    return pipeline.finished or pipeline.began or 0.0

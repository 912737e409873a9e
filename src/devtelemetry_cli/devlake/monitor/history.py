"""The history of a blueprint between checks, pure: each failed pipeline counts once, however often it is seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devtelemetry_cli.devlake.api.pipelines import COMPLETED, Pipeline

KEPT = 50  # failures whose number and time are kept


@dataclass(frozen=True)
class History:
    """A blueprint's past; the field names are those of the state file. Times are POSIX seconds.

    `fresh` is the beginning of the last complete collection, which a run with skipped collectors is not. Pipelines up
    to `floor` never count, `failures` are those counted above it, and all pipelines up to `settled` had ended.
    `message` is that of the newest ended pipeline, `reason` that of the newest failed one.
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
    reason: str = ""


def updated(before: History | None, pipelines: Sequence[Pipeline]) -> tuple[History, list[Pipeline]]:
    """The history including these pipelines (newest first), and the newly failed ones, oldest first.

    At the first check of a blueprint only its newest ended pipeline counts. A pipeline is listed twice where another
    began between two pages of the list; the later page is the newer state.
    """
    pipelines = list({pipeline.id: pipeline for pipeline in pipelines}.values())
    old = before or History(floor=_first_floor(pipelines))
    counted = {number for number, _ in old.failures}
    new = [p for p in reversed(pipelines) if p.is_failing and p.id > old.floor and p.id not in counted]
    failures = sorted({*old.failures, *((p.id, _end(p)) for p in new)})
    dropped = failures[:-KEPT] if len(failures) > KEPT else []
    present = replace(
        old,
        total=old.total + len(new),
        floor=max([old.floor, *(number for number, _ in dropped)]),
        failures=tuple(failures[len(dropped) :]),
        settled=_settled(old.settled, pipelines),
    )
    return _with_newest(present, pipelines, counted), new


def with_success(history: History, success: Pipeline) -> History:
    """The history with an older success: its end and the age of its data, where they are unknown."""
    if history.succeeded is None:
        history = replace(history, succeeded=success.finished)
    if history.fresh is None and not success.skips_collectors:
        history = replace(history, fresh=success.began or success.finished)
    return history


def _with_newest(history: History, pipelines: Sequence[Pipeline], counted: set[int]) -> History:
    """The history with the newest pipelines; a counted failure without a message keeps the reason found then."""
    ended = [pipeline for pipeline in pipelines if pipeline.has_ended]
    successes = [pipeline for pipeline in ended if pipeline.status == COMPLETED]
    collected = next((pipeline for pipeline in successes if not pipeline.skips_collectors), None)
    failure = next((pipeline for pipeline in ended if pipeline.is_failing), None)
    if successes:
        history = replace(history, succeeded=successes[0].finished)
    if collected:
        history = replace(history, fresh=collected.began or collected.finished)
    if failure:
        reason = failure.message or (history.reason if failure.id in counted else "")
        history = replace(history, failed=_end(failure), reason=reason)
    if ended:
        last = ended[0]
        message = history.reason if last.is_failing else last.message
        history = replace(
            history, ended=last.status, message=message, duration=last.seconds, is_failing=last.is_failing
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

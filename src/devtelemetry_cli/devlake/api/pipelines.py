"""Pipelines and tasks as values, and the meaning of their status."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devtelemetry_cli.devlake.api import decode, messages
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.urls import Query

PER_PAGE = 25  # each contains its whole plan: 3 KiB for each repository of its blueprint
COMPLETED = "TASK_COMPLETED"
FAILING = frozenset({"TASK_FAILED", "TASK_PARTIAL"})  # a partial pipeline skipped tasks: its data is incomplete
ENDED = FAILING | {COMPLETED, "TASK_CANCELLED"}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One run of a blueprint. Times are POSIX seconds, None where they are not yet set."""

    id: int
    status: str
    message: str
    began: float | None
    finished: float | None
    seconds: float
    tasks: int
    finished_tasks: int
    skips_collectors: bool = False  # it processed old data again
    blueprint: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether its status is final."""
        return self.status in ENDED

    @property
    def is_failing(self) -> bool:
        """Whether it ended without all of its data."""
        return self.status in FAILING


def read(item: dict[str, Any], request: str) -> Pipeline:
    """A pipeline from its JSON. Raises ApiError."""
    return Pipeline(
        id=decode.number(item, "id", request),
        status=decode.text(item, "status"),
        message=messages.clean(decode.text(item, "message") or decode.text(item, "errorName")),
        began=_seconds(item.get("beganAt")),
        finished=_seconds(item.get("finishedAt")),
        seconds=float(_count(item, "spentSeconds")),
        tasks=_count(item, "totalTasks"),
        finished_tasks=_count(item, "finishedTasks"),
        skips_collectors=item.get("skipCollectors") is True,
        blueprint=_count(item, "blueprintId"),
    )


def get(client: Client, number: int) -> Pipeline:
    """The current state of a pipeline. Raises ApiError."""
    path = f"/pipelines/{number}"
    return read(decode.record(client.get(path), f"GET {path}"), f"GET {path}")


def of_blueprint(client: Client, number: int, size: int) -> Iterator[Pipeline]:
    """The pipelines of a blueprint, newest first, fetched lazily. Raises ApiError."""
    path = f"/blueprints/{number}/pipelines"
    for item in client.pages(path, "pipelines", size):
        yield read(item, f"GET {path}")


def newest(client: Client, **query: Query) -> Iterator[Pipeline]:
    """The pipelines with this `blueprint_id` and `status`, newest first, fetched lazily. Raises ApiError."""
    for item in client.pages("/pipelines", "pipelines", PER_PAGE, **query):
        yield read(item, "GET /pipelines")


def failed_tasks(client: Client, number: int) -> list[str]:
    """One sentence for each failed task of a pipeline. Raises ApiError."""
    path = f"/pipelines/{number}/tasks"
    answer = client.get(path)
    items = decode.objects(answer.get("tasks") if isinstance(answer, dict) else answer, f"GET {path}")
    return [_sentence(item) for item in items if item.get("status") == "TASK_FAILED"]


def _sentence(task: dict[str, Any]) -> str:
    source = ", ".join(filter(None, (decode.text(task, "plugin"), decode.text(task, "failedSubTask"))))
    return f"{source}: {messages.clean(decode.text(task, 'message')) or 'no reason given'}"


def _seconds(value: object) -> float | None:
    moment = decode.moment(value)
    return moment.timestamp() if moment else None


def _count(item: dict[str, Any], name: str) -> int:
    value = item.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

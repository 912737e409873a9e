"""Pipelines and tasks as values, and what their status means."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api import errors, models
from devtelemetry_cli.devlake.api.client import Client

COMPLETED = "TASK_COMPLETED"
FAILING = frozenset({"TASK_FAILED", "TASK_PARTIAL"})  # a partial one left tasks out: its data is not whole
ENDED = FAILING | {COMPLETED, "TASK_CANCELLED"}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One run of a blueprint; times in POSIX seconds, None where it has not come to that."""

    id: int
    status: str
    message: str
    began: float | None
    finished: float | None
    seconds: float
    tasks: int
    finished_tasks: int

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED

    @property
    def is_failing(self) -> bool:
        """Whether it ended without all of its data."""
        return self.status in FAILING


def read(item: dict[str, Any], request: str) -> Pipeline:
    """A pipeline from its JSON. Raises ApiError."""
    return Pipeline(
        id=models.number(item, "id", request),
        status=models.text(item, "status"),
        message=errors.told(models.text(item, "message") or models.text(item, "errorName")),
        began=_seconds(item.get("beganAt")),
        finished=_seconds(item.get("finishedAt")),
        seconds=float(_count(item, "spentSeconds")),
        tasks=_count(item, "totalTasks"),
        finished_tasks=_count(item, "finishedTasks"),
    )


def get(client: Client, number: int) -> Pipeline:
    """A pipeline as it stands now. Raises ApiError."""
    path = f"/pipelines/{number}"
    return read(api.record(client.get(path), f"GET {path}"), f"GET {path}")


def of_blueprint(client: Client, number: int, size: int) -> Iterator[Pipeline]:
    """The pipelines of a blueprint, newest first, read as far as they are asked for. Raises ApiError."""
    path = f"/blueprints/{number}/pipelines"
    for item in client.pages(path, "pipelines", size):
        yield read(item, f"GET {path}")


def last_success(client: Client, blueprint: int) -> Pipeline | None:
    """The newest completed pipeline of a blueprint, however long ago. Raises ApiError."""
    query: dict[str, str | int | bool] = {"blueprint_id": blueprint, "status": COMPLETED, "page": 1, "pageSize": 1}
    answer = api.record(client.get("/pipelines", **query), "GET /pipelines")
    found = api.objects(answer.get("pipelines"), "GET /pipelines")
    return read(found[0], "GET /pipelines") if found else None


def failed_tasks(client: Client, number: int) -> list[str]:
    """One sentence for each failed task of a pipeline. Raises ApiError."""
    path = f"/pipelines/{number}/tasks"
    answer = client.get(path)
    items = api.objects(answer.get("tasks") if isinstance(answer, dict) else answer, f"GET {path}")
    return [_sentence(item) for item in items if item.get("status") == "TASK_FAILED"]


def _sentence(task: dict[str, Any]) -> str:
    where = ", ".join(filter(None, (models.text(task, "plugin"), models.text(task, "failedSubTask"))))
    return f"{where}: {errors.told(models.text(task, 'message')) or 'it does not say why'}"


def _seconds(value: object) -> float | None:
    moment = models.moment(value)
    return moment.timestamp() if moment else None


def _count(item: dict[str, Any], name: str) -> int:
    value = item.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

"""Trigger one project's blueprint and follow its pipeline."""

from collections.abc import Callable

from devtelemetry_cli.devlake.api import decode, pipelines, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.api.retry import Clock


def trigger(client: Client, project: str, full_sync: bool = False, skip_collectors: bool = False) -> Pipeline:
    """Start the blueprint of a project. Raises ApiError: no such project, disabled, already running."""
    path = f"/blueprints/{queries.project_blueprint(client, project)}/trigger"
    body = {"skipCollectors": skip_collectors, "fullSync": full_sync}
    try:
        answer = client.write("POST", path, body, repeatable=False)
    except ApiError as fault:
        raise _refusal(project, fault) from None
    return pipelines.read(decode.record(answer, f"POST {path}"), f"POST {path}")


def follow(
    client: Client, pipeline: Pipeline, on_change: Callable[[Pipeline], None], interval: float, clock: Clock
) -> Pipeline:
    """The pipeline once it has ended; `on_change` receives each state that was read. Raises ApiError."""
    while True:
        on_change(pipeline)
        if pipeline.has_ended:
            return pipeline
        clock.wait(interval)
        pipeline = pipelines.get(client, pipeline.id)


def reasons(client: Client, pipeline: Pipeline) -> list[str]:
    """The reasons of a failed pipeline: one sentence per failed task, else its own message; none for others."""
    if not pipeline.is_failing:
        return []
    try:
        found = pipelines.failed_tasks(client, pipeline.id)
    except ApiError as fault:  # the pipeline's result is valid without its tasks
        found = [str(fault)]
    return found or [pipeline.message or "DevLake gives no reason."]


def _refusal(project: str, fault: ApiError) -> ApiError:
    """The reason why a blueprint was not started; for one that is already running with the code for "later"."""
    if fault.status != 400:
        return fault
    if fault.mentions("pending", "running"):
        return ApiError(f"{project} is already being collected.", "Try again when that has ended.", exit_code=75)
    if fault.mentions("disable", "enable"):
        return ApiError(f"The blueprint of {project} is disabled.", "Enable it in config-ui.")
    return fault

"""Run one project's blueprint, and follow its pipeline to the end."""

from collections.abc import Callable

from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api import models, pipelines
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.api.retry import Clock


def trigger(client: Client, project: str, full_sync: bool = False, skip_collectors: bool = False) -> Pipeline:
    """Start the blueprint of a project. Raises ApiError: no such project, switched off, already running, empty."""
    number = _blueprint(client, project)
    path = f"/blueprints/{number}/trigger"
    body = {"skipCollectors": skip_collectors, "fullSync": full_sync}
    try:
        answer = client.write("POST", path, body, again=False)
    except ApiError as fault:
        raise _refused(project, fault) from None
    return pipelines.read(api.record(answer, f"POST {path}"), f"POST {path}")


def follow(
    client: Client, pipeline: Pipeline, tell: Callable[[Pipeline], None], interval: float, clock: Clock
) -> Pipeline:
    """The pipeline once it has ended; `tell` hears of each look at it. Raises ApiError."""
    while True:
        tell(pipeline)
        if pipeline.has_ended:
            return pipeline
        clock.wait(interval)
        pipeline = pipelines.get(client, pipeline.id)


def reasons(client: Client, pipeline: Pipeline) -> list[str]:
    """Why a pipeline failed: a sentence for each failed task, else its own; none where it did not fail."""
    if not pipeline.is_failing:
        return []
    try:
        found = pipelines.failed_tasks(client, pipeline.id)
    except ApiError as fault:  # how the pipeline ended stands, whatever is to be had of its tasks
        found = [str(fault)]
    return found or [pipeline.message or "DevLake does not say why."]


def _blueprint(client: Client, project: str) -> int:
    path = f"/projects/{api.part(project)}"
    try:
        answer = api.record(client.get(path), f"GET {path}")
    except ApiError as fault:
        if fault.status != 404:
            raise
        raise ApiError(f"DevLake has no project {project}.", "Names are as config-ui shows them.", status=404) from None
    blueprint = answer.get("blueprint")
    if not isinstance(blueprint, dict):
        raise ApiError(f"The project {project} has no blueprint.", "Make one in config-ui.")
    return models.number(blueprint, "id", f"GET {path}")


def _refused(project: str, fault: ApiError) -> ApiError:
    """Why a blueprint was not started; one that is already running may be asked for later."""
    if fault.status != 400:
        return fault
    if fault.says("pending", "running"):
        return ApiError(f"{project} is already being collected.", "Try again when that has ended.", exit_code=75)
    if fault.says("disable", "enable"):
        return ApiError(f"The blueprint of {project} is switched off.", "Switch it on in config-ui.")
    if fault.says("empty plan", "no task", "nothing"):
        return ApiError(f"{project} has nothing to collect.", "`devtel devlake sync` adds repositories to it.")
    return fault

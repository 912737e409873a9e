"""Carrying out a plan, step by step. What fails for one repository is noted and holds back no other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from devtelemetry_cli.devlake.api import blueprints, client, models, plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import NO_ANSWERS, ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.sync.options import SyncOptions, rfc3339
from devtelemetry_cli.devlake.sync.plan import AddRepository, Failure, MakeConfig

BATCH = 100  # scopes added by one request


@dataclass
class Executor:
    """A plan being carried out; `configs` holds the id of each connection's scope config once it is known."""

    client: Client
    wish: SyncOptions
    progress: Callable[[int], None]
    configs: dict[Connection, int] = field(default_factory=dict)
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    _patience: CircuitBreaker = field(default_factory=lambda: CircuitBreaker(breaks=NO_ANSWERS))

    def carry_out(self, steps: Iterable[MakeConfig | AddRepository]) -> None:
        """Do every step. Raises ApiError where nothing more can succeed: a refused key, a migration, no answer."""
        for batch in _batches(steps):
            if isinstance(batch, MakeConfig):
                with self._noted(f"{batch.connection} scope config {batch.name} (new repositories wait for it)"):
                    self._make_config(batch)
                self.progress(1)
                continue
            there = self._add(batch)
            self.progress(len(batch) - len(there))
            for step in there:
                with self._noted(f"{step.connection} {step.full_name}"):
                    self._arrange(step)
                    self.done += 1
                self.progress(1)

    @contextmanager
    def _noted(self, where: str) -> Iterator[None]:
        """Note what fails in the body; nothing more can be done where that concerns all."""
        try:
            yield
            self._patience.answered()
        except ApiError as fault:
            self._note(where, fault)

    def _note(self, where: str, fault: ApiError) -> None:
        self.failures.append(Failure(where, str(fault)))
        self._patience.bear(fault)

    def _make_config(self, step: MakeConfig) -> None:
        path = f"{step.connection.path}/scope-configs"
        plugin = plugins.KNOWN[step.connection.plugin]
        body = plugin.scope_config(step.name, self.wish.deployment_pattern, self.wish.production_pattern)
        try:
            made = client.record(self.client.write("POST", path, body), f"POST {path}")
            self.configs[step.connection] = models.number(made, "id", f"POST {path}")
        except ApiError as fault:
            if not fault.says("duplicat", "already exist"):
                raise
            there = queries.scope_configs(self.client, step.connection)
            if step.name not in there:  # a database that does not tell "devtel" from "DevTel"
                raise
            self.configs[step.connection] = there[step.name]

    def _add(self, batch: list[AddRepository]) -> list[AddRepository]:
        """Add the scopes of a batch by one request, or one by one where that is refused; gives those that are there."""
        new = [step for step in batch if step.add is not None]
        if batch[0].connection not in self.configs:  # it could not be made; without it they would stay without one
            return [step for step in batch if step.add is None]
        refused: set[str] = set()
        if new and not self._put(new, alone=len(new) == 1):
            refused = {step.scope_id for step in new if len(new) == 1 or not self._put([step], alone=True)}
        return [step for step in batch if step.add is None or step.scope_id not in refused]

    def _put(self, steps: list[AddRepository], alone: bool) -> bool:
        connection = steps[0].connection
        body = {"data": [self._scope(step) for step in steps]}
        try:
            self.client.write("PUT", f"{connection.path}/scopes", body)
        except ApiError as fault:
            if alone or fault.is_of_the_whole:
                self._note(f"{connection} {steps[0].full_name}", fault)
            return False
        return True

    def _scope(self, step: AddRepository) -> dict[str, Any]:
        return {**(step.add or {}), "scopeConfigId": self.configs[step.connection]}

    def _arrange(self, step: AddRepository) -> None:
        time = self.wish.time_after if step.time_after else None
        joining = step.connection if step.join else None
        if step.blueprint:
            if step.join or step.time_after:
                blueprints.change(self.client, step.blueprint, joining, step.scope_id, time)
            return
        fresh = self._make_project(step.project)
        if fresh is None:
            number = self._blueprint_of(step.project)
            blueprints.change(self.client, number, joining, step.scope_id, self.wish.time_after)
            return
        scopes = blueprints.merged(fresh.get("connections"), step.connection, step.scope_id)
        blueprints.fill(self.client, fresh, {"timeAfter": rfc3339(self.wish.time_after), "connections": scopes})

    def _make_project(self, name: str) -> dict[str, Any] | None:
        """The blueprint of a new project; None where there is a project of that name already, unseen by the plan."""
        metrics = [{"pluginName": "dora", "pluginOption": {}, "enable": True}]
        try:
            made = self.client.write("POST", "/projects", {"name": name, "description": "", "metrics": metrics})
        except ApiError as fault:
            if fault.says("duplicat", "already exist"):
                return None
            raise
        blueprint = client.record(made, "POST /projects").get("blueprint")
        return blueprint if isinstance(blueprint, dict) and blueprint.get("id") else None

    def _blueprint_of(self, project: str) -> int:
        path = f"/projects/{client.part(project)}"
        blueprint = client.record(self.client.get(path), f"GET {path}").get("blueprint")
        if not isinstance(blueprint, dict):
            raise ApiError(f"The project {project} has no blueprint.", "Make one in config-ui, or delete the project.")
        return models.number(blueprint, "id", f"GET {path}")


def _batches(steps: Iterable[MakeConfig | AddRepository]) -> Iterator[MakeConfig | list[AddRepository]]:
    """Steps of one connection together, up to a batch; a scope config on its own, before those that need it."""
    batch: list[AddRepository] = []
    for step in steps:
        if batch and (isinstance(step, MakeConfig) or len(batch) == BATCH or batch[0].connection != step.connection):
            yield batch
            batch = []
        if isinstance(step, MakeConfig):
            yield step
        else:
            batch.append(step)
    if batch:
        yield batch

"""Execution of a plan, step by step. A failure of one repository is recorded and stops no other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from devtelemetry_cli.devlake.api import blueprints, decode, plugins, projects, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import MAX_SILENT, ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.sync.options import SyncOptions
from devtelemetry_cli.devlake.sync.plan import AddRepository, Failure, MakeConfig

BATCH = 100  # scopes per request


@dataclass
class Executor:
    """Executes a plan. `configs` maps a connection to its scope config's id, as soon as that is known."""

    client: Client
    options: SyncOptions
    progress: Callable[[int], None]
    configs: dict[Connection, int] = field(default_factory=dict)
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    _breaker: CircuitBreaker = field(default_factory=lambda: CircuitBreaker(limit=MAX_SILENT))

    def execute(self, steps: Iterable[MakeConfig | AddRepository]) -> None:
        """Execute every step. Raises ApiError where no later step can succeed: refused key, migration, no answer."""
        for batch in _batches(steps):
            if isinstance(batch, MakeConfig):
                with self._recorded(f"{batch.connection} scope config {batch.name} (new repositories wait for it)"):
                    self._make_config(batch)
                self.progress(1)
                continue
            added = self._add(batch)
            self.progress(len(batch) - len(added))
            for step in added:
                with self._recorded(f"{step.connection} {step.full_name}"):
                    self._connect_project(step)
                    self.done += 1
                self.progress(1)

    @contextmanager
    def _recorded(self, subject: str) -> Iterator[None]:
        """Record a failure of the body. Raises it where it concerns all steps."""
        try:
            yield
            self._breaker.succeeded()
        except ApiError as fault:
            self._record(subject, fault)

    def _record(self, subject: str, fault: ApiError) -> None:
        self.failures.append(Failure(subject, str(fault)))
        self._breaker.failed(fault)

    def _make_config(self, step: MakeConfig) -> None:
        path = f"{step.connection.path}/scope-configs"
        plugin = plugins.SYNCED[step.connection.plugin]
        body = plugin.scope_config(step.name, self.options.deployment_pattern, self.options.production_pattern)
        try:
            made = decode.record(self.client.write("POST", path, body), f"POST {path}")
            self.configs[step.connection] = decode.number(made, "id", f"POST {path}")
        except ApiError as fault:
            if not fault.is_duplicate:
                raise
            existing = queries.scope_configs(self.client, step.connection)
            if step.name not in existing:  # for example in a database for which "devtel" and "DevTel" are equal
                raise
            self.configs[step.connection] = existing[step.name]

    def _add(self, batch: list[AddRepository]) -> list[AddRepository]:
        """Add the new scopes of a batch by one request, or one by one where it is refused; returns the added steps."""
        new = [step for step in batch if step.add is not None]
        if batch[0].connection not in self.configs:  # not created; the scopes would stay without a config for ever
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
            if alone or fault.is_fatal:
                self._record(f"{connection} {steps[0].full_name}", fault)
            return False
        return True

    def _scope(self, step: AddRepository) -> dict[str, Any]:
        return {**(step.add or {}), "scopeConfigId": self.configs[step.connection]}

    def _connect_project(self, step: AddRepository) -> None:
        """Bring the scope into the blueprint of its project, which is created where it is missing."""
        time = self.options.time_after if step.time_after else None
        joining = step.connection if step.join else None
        if step.blueprint:
            if step.join or step.time_after:
                blueprints.change(self.client, step.blueprint, joining, step.scope_id, time)
            return
        fresh = projects.create(self.client, step.project)
        if fresh is None:
            number = queries.project_blueprint(self.client, step.project)
            blueprints.change(self.client, number, joining, step.scope_id, self.options.time_after)
            return
        scopes = blueprints.merged(fresh.get("connections"), step.connection, step.scope_id)
        change = {"timeAfter": blueprints.rfc3339(self.options.time_after), "connections": scopes}
        blueprints.fill(self.client, fresh, change)


def _batches(steps: Iterable[MakeConfig | AddRepository]) -> Iterator[MakeConfig | list[AddRepository]]:
    """Steps of one connection together, up to a batch; a scope config alone, before the steps that need it."""
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

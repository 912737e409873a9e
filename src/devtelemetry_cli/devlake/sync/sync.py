"""A whole sync: read the existing state, plan, show the plan, execute it. One at a time for each DevLake."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devtelemetry_cli.client import locks
from devtelemetry_cli.devlake.api import plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Connection, RemoteScope
from devtelemetry_cli.devlake.api.remote_scopes import Walk
from devtelemetry_cli.devlake.sync import plan, plan_file
from devtelemetry_cli.devlake.sync.apply import Executor
from devtelemetry_cli.devlake.sync.options import SyncOptions
from devtelemetry_cli.devlake.sync.plan import ConnectionState, ExistingState, Failure
from devtelemetry_cli.devlake.sync.plan_file import PlanFile
from devtelemetry_cli.errors import TryLaterError

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


@dataclass
class Result:
    """Counts of a sync: repositories seen, steps planned, repositories arranged; and the failures."""

    connections: int = 0
    seen: int = 0
    planned: int = 0
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    ended_early: ApiError | None = None


@dataclass(frozen=True)
class Sync:
    """One sync. `show` is called for each planned step, `progress` returns the callback for executed steps."""

    client: Client
    options: SyncOptions
    choice: tuple[str, ...]
    show: Callable[[plan.MakeConfig | plan.AddRepository], None]
    progress: Progress
    dry_run: bool = False

    def run(self) -> Result:
        """Plan, and execute unless it is a dry run. Raises ApiError where no plan is possible."""
        result = Result()
        configs: dict[Connection, int] = {}
        with plan_file.temporary() as steps:
            self._plan(steps, configs, result)
            result.planned = steps.length
            if steps.length and not self.dry_run:
                self._execute(steps, configs, result)
        return result

    def _plan(self, steps: PlanFile, configs: dict[Connection, int], result: Result) -> None:
        connections = list(queries.chosen(self.client, self.choice, lambda name: name in plugins.SYNCED))
        blueprints = (blueprint for blueprint in queries.blueprints(self.client) if blueprint.project)
        existing = plan.existing_state(blueprints)
        breaker = CircuitBreaker()
        for connection in connections:
            result.connections += 1
            for step in self._plan_connection(connection, existing, configs, result, breaker):
                if isinstance(step, Failure):
                    result.failures.append(step)
                else:
                    self.show(step)
                    steps.append(step)

    def _plan_connection(
        self,
        connection: Connection,
        existing: ExistingState,
        configs: dict[Connection, int],
        result: Result,
        breaker: CircuitBreaker,
    ) -> Iterator[plan.Step]:
        """The steps for a connection; an error while reading it is one more failure and stops no other connection."""
        try:
            found = queries.scope_configs(self.client, connection)
            config = self.options.existing_scope_config(connection, found)
            if config is not None:
                configs[connection] = config
            added = set(queries.added_scopes(self.client, connection))
            state = ConnectionState(connection, added, has_config=config is not None)
            remote = _counted(Walk(self.client, connection), result)
            yield from plan.steps(self.options, existing, state, remote)
            breaker.succeeded()
        except ApiError as fault:
            breaker.failed(fault)
            yield Failure(str(connection), str(fault))

    def _execute(self, steps: PlanFile, configs: dict[Connection, int], result: Result) -> None:
        with self.progress(steps.length) as report:
            executor = Executor(self.client, self.options, report, configs)
            try:
                executor.execute(steps)
            except ApiError as fault:
                result.ended_early = fault
        result.done = executor.done
        result.failures += executor.failures


@contextmanager
def exclusive(state: str, tag: str) -> Iterator[None]:
    """Keep off other syncs of this DevLake by this user. Raises TryLaterError while one is running."""
    folder = Path(state) / "devlake"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with locks.held(str(folder / f"sync-{tag}.lock"), wait=0):
            yield
    except locks.BusyError:
        raise TryLaterError("A sync of this DevLake is still running.", "Nothing was started.") from None


def _counted(items: Iterable[RemoteScope], result: Result) -> Iterator[RemoteScope]:
    for item in items:
        result.seen += 1
        yield item

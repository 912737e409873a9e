"""A whole sync: look at what is there, plan, show the plan, carry it out. One at a time for each DevLake."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from devtelemetry_cli.devlake.api import plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Connection, RemoteScope
from devtelemetry_cli.devlake.sync import plan
from devtelemetry_cli.devlake.sync.apply import Executor
from devtelemetry_cli.devlake.sync.options import SyncOptions
from devtelemetry_cli.devlake.sync.plan import ConnectionState, ExistingState, Failure
from devtelemetry_cli.devlake.sync.plan_file import Spool
from devtelemetry_cli.errors import TryLaterError

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


@dataclass
class Result:
    """How a sync went: repositories seen, those arranged now, steps planned, and what failed."""

    connections: int = 0
    seen: int = 0
    planned: int = 0
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    ended_early: ApiError | None = None


@dataclass(frozen=True)
class Sync:
    """One sync. `show` is called for each step as it is planned, `progress` gives what reports finished steps."""

    client: Client
    wish: SyncOptions
    choice: tuple[str, ...]
    show: Callable[[plan.MakeConfig | plan.AddRepository], None]
    progress: Progress
    dry_run: bool = False

    def run(self) -> Result:
        """Plan, and unless it is a dry run carry out. Raises ApiError where not even a plan can be made."""
        result = Result()
        with Spool() as spool:
            configs: dict[Connection, int] = {}
            self._plan(spool, configs, result)
            result.planned = spool.length
            if spool.length and not self.dry_run:
                self._carry_out(spool, configs, result)
        return result

    def _plan(self, spool: Spool, configs: dict[Connection, int], result: Result) -> None:
        sources = list(queries.chosen(self.client, self.choice, lambda name: name in plugins.KNOWN))
        blueprints = (blueprint for blueprint in queries.blueprints(self.client) if blueprint.project)
        known = ExistingState({blueprint.project: blueprint for blueprint in blueprints})
        patience = CircuitBreaker()
        for connection in sources:
            result.connections += 1
            for step in self._look_at(connection, known, configs, result, patience):
                if isinstance(step, Failure):
                    result.failures.append(step)
                else:
                    self.show(step)
                    spool.put(step)

    def _look_at(
        self,
        connection: Connection,
        known: ExistingState,
        configs: dict[Connection, int],
        result: Result,
        patience: CircuitBreaker,
    ) -> Iterator[plan.Step]:
        """The steps for a connection; one that cannot be read to its end is an obstacle and holds back no other."""
        try:
            had = queries.scope_configs(self.client, connection)
            if self.wish.scope_config in had:
                configs[connection] = had[self.wish.scope_config]
            side = ConnectionState(connection, set(queries.added_scopes(self.client, connection)), had)
            remote = _counted(queries.remote_scopes(self.client, connection), result)
            yield from plan.steps(self.wish, known, side, remote)
            patience.answered()
        except ApiError as fault:
            patience.bear(fault)
            yield Failure(str(connection), str(fault))

    def _carry_out(self, spool: Spool, configs: dict[Connection, int], result: Result) -> None:
        with self.progress(spool.length) as report:
            work = Executor(self.client, self.wish, report, configs)
            try:
                work.carry_out(spool)
            except ApiError as fault:
                result.ended_early = fault
        result.done = work.done
        result.failures += work.failures


@contextmanager
def alone(state: str, mark: str) -> Iterator[None]:
    """Hold off any other sync of this DevLake by this user. Raises TryLaterError while one is going on."""
    folder = Path(state) / "devlake"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / f"sync-{mark}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise TryLaterError("A sync of this DevLake is still going on.", "Nothing was started.") from None
    try:
        yield
    finally:
        lock.release()


def _counted(items: Iterator[RemoteScope], result: Result) -> Iterator[RemoteScope]:
    for item in items:
        result.seen += 1
        yield item

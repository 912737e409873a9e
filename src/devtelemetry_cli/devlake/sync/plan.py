"""The plan of a sync, pure: existing state and wanted state -> writing steps. Empty where nothing differs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from devtelemetry_cli.devlake.api.models import Blueprint, Connection, RemoteScope
from devtelemetry_cli.devlake.sync.options import SyncOptions, marked


@dataclass(frozen=True)
class MakeConfig:
    """Create the scope config of a connection, before the new scopes that use it."""

    connection: Connection
    name: str

    def __str__(self) -> str:
        """A line of the printed plan."""
        return f"{self.connection}: make the scope config {self.name}"


@dataclass(frozen=True)
class AddRepository:
    """The changes for one repository. `blueprint` 0: its project does not exist yet.

    `add` is the object that adds it to the connection, None where it is already added. `join`: it is missing in the
    blueprint. `time_after`: that has to be set.
    """

    connection: Connection
    scope_id: str
    full_name: str
    project: str
    add: dict[str, Any] | None
    blueprint: int
    join: bool
    time_after: bool

    def __str__(self) -> str:
        """A line of the printed plan."""
        changes = [
            (self.add is not None, "add it"),
            (self.blueprint == 0, f"make the project {self.project}"),
            (self.blueprint != 0 and self.join, f"join the blueprint of {self.project}"),
            (self.blueprint != 0 and self.time_after, f"set timeAfter of {self.project}"),
        ]
        return f"{self.connection} {self.full_name}: {', '.join(text for needed, text in changes if needed)}"


@dataclass(frozen=True)
class Failure:
    """A repository or connection that cannot be brought into the wanted state, and the reason."""

    subject: str
    reason: str

    def __str__(self) -> str:
        """A line of the list at the end."""
        return f"{self.subject}: {self.reason}"


Step = MakeConfig | AddRepository | Failure


@dataclass
class ExistingState:
    """The blueprints of DevLake by project, and project names by their form without letter case.

    `claimed` is filled while planning: the scope of each project.
    """

    blueprints: dict[str, Blueprint]
    folded: dict[str, str]
    claimed: dict[str, tuple[Connection, str]] = field(default_factory=dict)

    def unique_name(self, name: str) -> str:
        """The name, marked where another project differs in letter case only: for some databases they are equal."""
        if name in self.blueprints:
            return name
        return name if self.folded.setdefault(name.casefold(), name) == name else marked(name)


def existing_state(blueprints: Iterable[Blueprint]) -> ExistingState:
    """The state from all blueprints of projects."""
    by_project = {blueprint.project: blueprint for blueprint in blueprints}
    return ExistingState(by_project, {name.casefold(): name for name in by_project})


@dataclass(frozen=True)
class ConnectionState:
    """One connection with the ids of its scopes; `has_config`: the scope config for new ones exists."""

    connection: Connection
    added: set[str]
    has_config: bool


def steps(
    options: SyncOptions, existing: ExistingState, state: ConnectionState, remote: Iterable[RemoteScope]
) -> Iterator[Step]:
    """The steps for one connection, lazily, as its remote scopes are read."""
    has_config = state.has_config
    for scope in remote:
        step = _repository(options, existing, state, scope) if options.includes(scope.full_name) else None
        if isinstance(step, AddRepository) and step.add is not None and not has_config:
            has_config = True
            yield MakeConfig(state.connection, options.scope_config_name(state.connection))
        if step is not None:
            yield step


def _repository(
    options: SyncOptions, existing: ExistingState, state: ConnectionState, scope: RemoteScope
) -> Step | None:
    connection = state.connection
    project = existing.unique_name(options.project(connection, scope))
    owner, owned = existing.claimed.setdefault(project, (connection, scope.id))
    if owned != scope.id or owner.plugin != connection.plugin:
        return Failure(f"{connection} {scope.full_name}", f"its project {project} already belongs to {owner} {owned}")
    if owner != connection:
        return None  # visible through two connections of a plugin: the first one collects it
    blueprint = existing.blueprints.get(project)
    collecting = _collecting_connections(blueprint, connection.plugin, scope.id)
    add = scope.id not in state.added and (not collecting or connection.id in collecting)
    set_time = blueprint is None or blueprint.time_after != options.time_after
    if add and scope.data is None:
        return Failure(f"{connection} {scope.full_name}", "DevLake sends no data to add it with")
    if not (add or set_time or not collecting):
        return None
    return AddRepository(
        connection=connection,
        scope_id=scope.id,
        full_name=scope.full_name,
        project=project,
        add=scope.data if add else None,
        blueprint=blueprint.id if blueprint else 0,
        join=not collecting,
        time_after=set_time,
    )


def _collecting_connections(blueprint: Blueprint | None, plugin: str, scope_id: str) -> set[int]:
    """The connections through which a blueprint collects a scope."""
    scopes = blueprint.scopes if blueprint else frozenset()
    return {number for name, number, collected in scopes if name == plugin and collected == scope_id}

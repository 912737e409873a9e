"""The plan of a sync, pure: what is there and what is wanted -> the steps that write. Nothing where all is right."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from devtelemetry_cli.devlake.api.models import Blueprint, Connection, RemoteScope
from devtelemetry_cli.devlake.sync.options import SyncOptions


@dataclass(frozen=True)
class MakeConfig:
    """The scope config that the connection's new scopes are to carry has to be made."""

    connection: Connection
    name: str

    def __str__(self) -> str:
        """For the printed plan."""
        return f"{self.connection}: make the scope config {self.name}"


@dataclass(frozen=True)
class AddRepository:
    """What one repository lacks. `blueprint` 0: its project is to be made.

    `add` is the object that adds it to the connection, None where it is there. `join`: it has to come into the
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
        """For the printed plan."""
        works = [
            (self.add is not None, "add it"),
            (self.blueprint == 0, f"make the project {self.project}"),
            (self.blueprint != 0 and self.join, f"join the blueprint of {self.project}"),
            (self.blueprint != 0 and self.time_after, f"set timeAfter of {self.project}"),
        ]
        return f"{self.connection} {self.full_name}: {', '.join(work for needed, work in works if needed)}"


@dataclass(frozen=True)
class Failure:
    """A repository that cannot be arranged as it is wanted, and why."""

    where: str
    why: str

    def __str__(self) -> str:
        """For the list at the end."""
        return f"{self.where}: {self.why}"


Step = MakeConfig | AddRepository | Failure


@dataclass
class ExistingState:
    """What is there in all DevLake: blueprints by project. `claimed` notes whose each project is in this plan."""

    blueprints: dict[str, Blueprint]
    claimed: dict[str, tuple[Connection, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ConnectionState:
    """What one connection has: the ids of its scopes, and its scope configs by name."""

    connection: Connection
    added: set[str]
    configs: dict[str, int]


def steps(
    wish: SyncOptions, known: ExistingState, side: ConnectionState, remote: Iterable[RemoteScope]
) -> Iterator[Step]:
    """The steps for one connection, while its remote scopes come in."""
    has_config = wish.scope_config in side.configs
    for scope in remote:
        step = _repository(wish, known, side, scope) if wish.takes(scope.full_name) else None
        if isinstance(step, AddRepository) and step.add is not None and not has_config:
            has_config = True
            yield MakeConfig(side.connection, wish.scope_config)
        if step is not None:
            yield step


def _repository(wish: SyncOptions, known: ExistingState, side: ConnectionState, scope: RemoteScope) -> Step | None:
    where, project = side.connection, wish.project(side.connection, scope)
    owner, owned = known.claimed.setdefault(project, (where, scope.id))
    if owned != scope.id or owner.plugin != where.plugin:
        return Failure(f"{where} {scope.full_name}", f"its project would be {project}, which {owner} {owned} has")
    if owner != where:
        return None  # seen through two connections of a plugin: the first one collects it
    blueprint = known.blueprints.get(project)
    ways = _ways(blueprint, where.plugin, scope.id)
    add = scope.id not in side.added and (not ways or where.id in ways)
    set_time = blueprint is None or blueprint.time_after != wish.time_after
    if add and scope.data is None:
        return Failure(f"{where} {scope.full_name}", "DevLake tells nothing to add it by")
    if not (add or set_time or not ways):
        return None
    number = blueprint.id if blueprint else 0
    return AddRepository(
        where, scope.id, scope.full_name, project, scope.data if add else None, number, not ways, set_time
    )


def _ways(blueprint: Blueprint | None, plugin: str, scope_id: str) -> set[int]:
    """The connections through which a blueprint collects a scope."""
    scopes = blueprint.scopes if blueprint else frozenset()
    return {number for name, number, held in scopes if name == plugin and held == scope_id}

"""Setup of devtel's own DevLake plugin by API: config-ui lists only DevLake's plugins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from devtelemetry_cli.devlake.api import blueprints, decode, plugins, projects, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.models import Blueprint, Connection, RemoteScope
from devtelemetry_cli.devlake.api.remote_scopes import Walk
from devtelemetry_cli.errors import ConfigurationError

_PATH = f"/plugins/{plugins.DEVTEL}"


@dataclass(frozen=True)
class PluginOptions:
    """The wanted setup. `links` maps a project of the server to DevLake projects; others are linked by equal name."""

    name: str
    endpoint: str
    token: str
    links: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Link:
    """A project of the server and the DevLake project that shows it; `blueprint` is None where that is to be made."""

    scope: RemoteScope
    project: str
    blueprint: Blueprint | None

    def exists(self, connection: Connection) -> bool:
        """Whether the blueprint already collects it."""
        held = (connection.plugin, connection.id, self.scope.id)
        return self.blueprint is not None and held in self.blueprint.scopes


@dataclass(frozen=True)
class Setup:
    """One setup; `show` receives each change as a line. Safe to run again: what exists is left as it is."""

    client: Client
    options: PluginOptions
    show: Callable[[str], None]
    dry_run: bool = False

    def run(self) -> list[str]:
        """Set up everything; the server's projects without a link. Raises ApiError, ConfigurationError."""
        connection = self._connection()
        if connection is None:
            return []
        scopes = list(Walk(self.client, connection))
        unknown = self.options.links.keys() - {scope.full_name for scope in scopes}
        if unknown:
            raise ConfigurationError(f"The server has no project {', '.join(sorted(unknown))}.", "Nothing was linked.")
        links = list(self._links(scopes))
        self._add_scopes(connection, links)
        for link in links:
            if not link.exists(connection):
                self._join(connection, link)
        linked = {link.scope.id for link in links}
        return [scope.full_name for scope in scopes if scope.id not in linked]

    def _connection(self) -> Connection | None:
        """The connection; None in a dry run without one. A new one is tested with all its fields before it is made."""
        advice = "docs/devlake-plugin.md installs it."
        existing = queries.named_connection(self.client, plugins.DEVTEL, self.options.name, advice)
        if existing is not None:
            return existing
        if not self.options.endpoint or not self.options.token:
            raise ConfigurationError("The connection does not exist yet.", "Give --endpoint and --token-file.")
        body = {"name": self.options.name, "endpoint": self.options.endpoint, "token": self.options.token}
        self.client.write("POST", f"{_PATH}/test", body)
        self.show(f"make the connection {self.options.name} to {self.options.endpoint}")
        if self.dry_run:
            return None
        made = decode.record(self.client.write("POST", f"{_PATH}/connections", body), f"POST {_PATH}/connections")
        return Connection(plugins.DEVTEL, decode.number(made, "id", f"POST {_PATH}/connections"), self.options.name)

    def _links(self, scopes: Sequence[RemoteScope]) -> Iterator[Link]:
        existing = {blueprint.project: blueprint for blueprint in queries.blueprints(self.client) if blueprint.project}
        for scope in scopes:
            by_name = [scope.full_name] if scope.full_name in existing else []
            for project in self.options.links.get(scope.full_name, by_name):
                yield Link(scope, project, existing.get(project))

    def _add_scopes(self, connection: Connection, links: Sequence[Link]) -> None:
        added = set(queries.added_scopes(self.client, connection))
        missing = {link.scope.id: link.scope for link in links if link.scope.id not in added}
        for scope in missing.values():
            self.show(f"{connection}: add the project {scope.full_name}")
        if missing and not self.dry_run:
            self.client.write("PUT", f"{connection.path}/scopes", {"data": [scope.data for scope in missing.values()]})

    def _join(self, connection: Connection, link: Link) -> None:
        what = "join the blueprint of" if link.blueprint else "make the project"
        self.show(f"{connection} {link.scope.full_name}: {what} {link.project}")
        if self.dry_run:
            return
        number = link.blueprint.id if link.blueprint else self._make_project(link.project)
        blueprints.change(self.client, number, connection, link.scope.id, None)

    def _make_project(self, name: str) -> int:
        fresh = projects.create(self.client, name)
        if fresh is None:
            return queries.project_blueprint(self.client, name)
        return decode.number(fresh, "id", "POST /projects")

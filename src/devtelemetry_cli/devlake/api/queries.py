"""What is read from DevLake, page by page: nothing here holds more than a page of answers."""

from collections.abc import Callable, Iterator
from typing import Any

from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api import errors, models, plugins
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Blueprint, Connection, RemoteScope

BLUEPRINTS_A_PAGE = 200  # each carries its whole plan
SCOPES_A_PAGE = 500


def plugin_names(client: Client) -> list[str]:
    """All plugins of this DevLake. Raises ApiError."""
    items = api.objects(client.get("/plugins"), "GET /plugins")
    return sorted({models.text(item, "plugin") for item in items} - {""})


def connections(client: Client, plugin: str) -> list[Connection] | None:
    """The connections of a plugin; None for a plugin that has no such thing. Raises ApiError."""
    path = f"/plugins/{api.part(plugin)}/connections"
    try:
        items = api.objects(client.get(path), f"GET {path}")
    except ApiError as fault:
        if fault.status == 404:
            return None
        raise
    found = [Connection(plugin, models.number(item, "id", f"GET {path}"), _name(item)) for item in items]
    return sorted(found, key=lambda connection: connection.id)


def added_scopes(client: Client, connection: Connection) -> Iterator[str]:
    """The ids of the scopes that a connection collects. Raises ApiError."""
    plugin = plugins.KNOWN[connection.plugin]
    for item in client.pages(f"{connection.path}/scopes", "scopes", SCOPES_A_PAGE):
        scope = item.get("scope", item)
        if isinstance(scope, dict) and (known := plugin.scope_id(scope, "")):
            yield known


def remote_scopes(client: Client, connection: Connection) -> Iterator[RemoteScope]:
    """Every scope that a connection can see, each once, groups walked to their ends. Raises ApiError in the middle."""
    plugin = plugins.KNOWN[connection.plugin]
    groups, entered, seen = [""], {""}, set[str]()
    while groups:
        for child in _children(client, connection, groups.pop()):
            identity = models.text(child, "id")
            if child.get("type") == "group":
                if identity not in entered:
                    entered.add(identity)
                    groups.append(identity)
                continue
            scope = _remote_scope(plugin, child, identity)
            if scope.id and scope.id not in seen:
                seen.add(scope.id)
                yield scope


def scope_configs(client: Client, connection: Connection) -> dict[str, int]:
    """The scope configs of a connection: name -> id. Raises ApiError."""
    path = f"{connection.path}/scope-configs"
    items = api.objects(client.get(path), f"GET {path}")
    return {models.text(item, "name"): models.number(item, "id", f"GET {path}") for item in items}


def blueprints(client: Client) -> Iterator[Blueprint]:
    """Every blueprint, newest first. Raises ApiError."""
    for item in client.pages("/blueprints", "blueprints", BLUEPRINTS_A_PAGE):
        yield models.read_blueprint(item, "GET /blueprints")


def chosen(client: Client, choice: tuple[str, ...], is_wanted: Callable[[str], bool]) -> Iterator[Connection]:
    """The connections of the plugins wanted, all of them or those chosen by `plugin` or `plugin/id`.

    Raises ApiError; ConfigurationError's code where a choice names nothing.
    """
    left = set(choice)
    for plugin in filter(is_wanted, plugin_names(client)):
        if choice and not any(name == plugin or name.startswith(f"{plugin}/") for name in choice):
            continue
        for connection in connections(client, plugin) or []:
            if not choice or plugin in choice or str(connection) in choice:
                left -= {plugin, str(connection)}
                yield connection
    if left:
        names = ", ".join(sorted(left))
        raise ApiError(
            f"There is no connection {names} that this can be done with.",
            "`devtel devlake discover` lists them; sync takes those with counts.",
            exit_code=78,
        )


def _children(client: Client, connection: Connection, group: str) -> Iterator[dict[str, Any]]:
    path, token, used = f"{connection.path}/remote-scopes", "", set[str]()
    while True:
        query = {name: value for name, value in (("groupId", group), ("pageToken", token)) if value}
        answer = api.record(client.get(path, **query), f"GET {path}")
        yield from api.objects(answer.get("children"), f"GET {path}")
        token = models.text(answer, "nextPageToken")
        if not token:
            return
        if token in used:
            raise errors.malformed(f"GET {path}", "a page names itself as the next one")
        used.add(token)


def _remote_scope(plugin: plugins.Plugin, child: dict[str, Any], identity: str) -> RemoteScope:
    data = child.get("data")
    full_name = models.text(child, "fullName") or models.text(child, "name") or identity
    known = plugin.scope_id(data, identity) if isinstance(data, dict) else identity
    return RemoteScope(known, errors.one_line(full_name), data if isinstance(data, dict) else None)


def _name(item: dict[str, Any]) -> str:
    return errors.one_line(models.text(item, "name"))

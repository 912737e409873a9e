"""Lists read from DevLake, page by page: never more than one page of answers in memory."""

from collections.abc import Callable, Iterator
from typing import Any

from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.devlake.api import decode, models, plugins, urls
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Blueprint, Connection
from devtelemetry_cli.errors import ConfigurationError

BLUEPRINTS_PER_PAGE = 200  # each contains its whole plan
SCOPES_PER_PAGE = 500
PROJECTS_PER_PAGE = 100


def plugin_names(client: Client) -> list[str]:
    """The installed plugins, sorted. Raises ApiError."""
    items = decode.objects(client.get("/plugins"), "GET /plugins")
    return sorted({decode.text(item, "plugin") for item in items} - {""})


def connections(client: Client, plugin: str) -> list[Connection] | None:
    """The connections of a plugin, by id; None for a plugin without connections. Raises ApiError."""
    path = f"/plugins/{urls.segment(plugin)}/connections"
    try:
        items = decode.objects(client.get(path), f"GET {path}")
    except ApiError as fault:
        if fault.status == 404:
            return None
        raise
    found = [Connection(plugin, decode.number(item, "id", f"GET {path}"), _name(item)) for item in items]
    return sorted(found, key=lambda connection: connection.id)


def named_connection(client: Client, plugin: str, name: str, advice: str) -> Connection | None:
    """The connection of that name; None without one. Raises ApiError, and ConfigurationError without that plugin."""
    found = connections(client, plugin)
    if found is None:
        raise ConfigurationError(f"This DevLake has no plugin {plugin}.", advice)
    return next((connection for connection in found if connection.name == name), None)


def added_scopes(client: Client, connection: Connection) -> Iterator[str]:
    """The ids of the scopes of a connection. Raises ApiError."""
    plugin = plugins.WITH_SCOPES[connection.plugin]
    for item in client.pages(f"{connection.path}/scopes", "scopes", SCOPES_PER_PAGE):
        scope = item.get("scope")  # plugins in Python answer with the scope's fields themselves
        found = plugin.scope_id(scope, "") if isinstance(scope, dict) else ""
        if found := found or plugin.scope_id(item, ""):
            yield found


def scope_configs(client: Client, connection: Connection) -> dict[str, int]:
    """The scope configs of a connection: name -> id. Raises ApiError."""
    path = f"{connection.path}/scope-configs"
    return {
        decode.text(item, "name"): decode.number(item, "id", f"GET {path}")
        for item in _config_items(client, connection)
    }


def incomplete_scope_configs(client: Client, connection: Connection) -> dict[str, list[str]]:
    """The scope configs of a connection that lack patterns for DORA metrics: name -> their fields. Raises ApiError."""
    patterns = plugins.SYNCED[connection.plugin].patterns
    empty = {
        decode.text(item, "name"): [field for field in patterns if not item.get(field)]
        for item in _config_items(client, connection)
    }
    return {one_line(name): fields for name, fields in empty.items() if fields}


def blueprints(client: Client) -> Iterator[Blueprint]:
    """Every blueprint, newest first. Raises ApiError."""
    for item in client.pages("/blueprints", "blueprints", BLUEPRINTS_PER_PAGE):
        yield models.read_blueprint(item, "GET /blueprints")


def project_blueprint(client: Client, project: str) -> int:
    """The id of a project's blueprint. Raises ApiError; with status 404 where there is no such project.

    The list is searched, because under /rest no path reaches a name with a slash. Its keyword is a LIKE pattern that
    ignores case, so the names are compared; a backslash would escape the next character.
    """
    found = client.pages("/projects", "projects", PROJECTS_PER_PAGE, keyword=project.replace("\\", "_"))
    item = next((item for item in found if item.get("name") == project), None)
    if item is None:
        raise ApiError(f"DevLake has no project {project}.", "Names are as config-ui shows them.", status=404)
    blueprint = item.get("blueprint")
    if not isinstance(blueprint, dict):
        raise ApiError(f"The project {project} has no blueprint.", "Make one in config-ui, or delete the project.")
    return decode.number(blueprint, "id", "GET /projects")


def chosen(client: Client, choice: tuple[str, ...], is_wanted: Callable[[str], bool]) -> Iterator[Connection]:
    """The connections of the wanted plugins: all, or those chosen by `plugin` or `plugin/id`.

    Raises ApiError; with ConfigurationError's exit code for a choice that matches nothing.
    """
    unmatched = set(choice)
    for plugin in filter(is_wanted, plugin_names(client)):
        if choice and not any(name == plugin or name.startswith(f"{plugin}/") for name in choice):
            continue
        for connection in connections(client, plugin) or []:
            if not choice or plugin in choice or str(connection) in choice:
                unmatched -= {plugin, str(connection)}
                yield connection
    if unmatched:
        raise ApiError(
            f"No connection {', '.join(sorted(unmatched))} is available for this.",
            "`devtel devlake discover` lists all; sync takes those with counts.",
            exit_code=78,
        )


def _config_items(client: Client, connection: Connection) -> list[dict[str, Any]]:
    path = f"{connection.path}/scope-configs"
    return decode.objects(client.get(path), f"GET {path}")


def _name(item: dict[str, Any]) -> str:
    return one_line(decode.text(item, "name"))

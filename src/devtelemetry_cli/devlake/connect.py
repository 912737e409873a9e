"""The place for our own reports: a connection of the developer_telemetry plugin, a key for it, and its address."""

import re
import tomllib
from collections.abc import Iterable

from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api import errors, models, plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.errors import ConfigurationError

_PATH = f"/plugins/{plugins.REPORTS}/connections"


def connection(client: Client, name: str) -> tuple[Connection, bool]:
    """The connection of that name, and whether it was made just now. Raises ApiError."""
    found = _named(queries.connections(client, plugins.REPORTS), name)
    if found:
        return found, False
    body = {"name": name, "endpoint": client.root.removesuffix("/rest")}  # without an endpoint DevLake answers 500
    try:
        made = api.record(client.write("POST", _PATH, body), f"POST {_PATH}")
    except ApiError as fault:
        found = _named(queries.connections(client, plugins.REPORTS), name)  # made by somebody else, or by our first try
        if found is None or fault.status not in (400, 500):
            raise fault from None
        return found, False
    return Connection(plugins.REPORTS, models.number(made, "id", f"POST {_PATH}"), name), True


def report_url(root: str, connection_id: int, with_key: bool = True) -> str:
    """The address for reports, under /rest where a key is shown. `root` is where the API answered."""
    base = root.removesuffix("/rest")
    return f"{base}{'/rest' if with_key else ''}{_PATH}/{connection_id}/report"


def make_key(client: Client, name: str, connection_id: int) -> str:
    """A new API key that may only report to this connection. DevLake shows it this once. Raises ApiError."""
    # DevLake compares the path as it stands behind config-ui's /api, so with /rest.
    allowed = f"^(/rest)?{_PATH}/{connection_id}/report$"
    body = {"name": name, "type": "devlake", "allowedPath": allowed, "expiredAt": None}
    try:
        answer = api.record(client.write("POST", "/api-keys", body, again=False), "POST /api-keys")
    except ApiError as fault:
        if not fault.says("duplicat", "exist"):
            raise
        raise ApiError(
            f"DevLake has a key named {name!r} already, and shows a key only once.",
            "Make another with --key-name, or delete that one in config-ui.",
        ) from None
    key = models.text(answer, "apiKey")
    if not key:
        raise errors.malformed("POST /api-keys", "it holds no key")
    return key


def with_report_url(document: str, url: str) -> str:
    """A project file with this report_url, all else as it was. Raises ConfigurationError where that cannot be done."""
    line = f'report_url = "{url}"'
    new, count = re.subn(r"^[ \t]*report_url[ \t]*=.*$", lambda _: line, document, count=1, flags=re.MULTILINE)
    if not count:
        head, mark, rest = _before_tables(document)
        new = f"{head}{'' if not head or head.endswith(chr(10)) else chr(10)}{line}\n{mark}{rest}"
    if _values(new) != {**_values(document), "report_url": url}:
        raise ConfigurationError("The project file is written in a way that cannot be changed safely.", f"Add: {line}")
    return new


def _before_tables(document: str) -> tuple[str, str, str]:
    match = re.search(r"^[ \t]*\[", document, re.MULTILINE)
    return (document, "", "") if match is None else (document[: match.start()], "", document[match.start() :])


def _values(document: str) -> dict[str, object]:
    try:
        return tomllib.loads(document)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigurationError(f"The project file is not TOML: {fault}.", "Correct it first.") from None


def _named(connections: Iterable[Connection] | None, name: str) -> Connection | None:
    if connections is None:
        raise ConfigurationError(
            f"This DevLake has no plugin {plugins.REPORTS}.", "Install it, or use `devtel serve` as the endpoint."
        )
    return next((connection for connection in connections if connection.name == name), None)

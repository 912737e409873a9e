"""The destination of devtel's own reports: a connection of the developer_telemetry plugin, its URL and a key for it."""

from devtelemetry_cli.devlake.api import decode, errors, plugins, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection

MAX_NAME = 100  # characters of a connection's name; DevLake answers 500 to more
_PATH = f"/plugins/{plugins.REPORTS}/connections"


def find_or_create(client: Client, name: str) -> tuple[Connection, bool]:
    """The connection of that name, and whether it was just created. Raises ApiError."""
    found = _existing(client, name)
    if found:
        return found, False
    body = {"name": name, "endpoint": client.root.removesuffix("/rest")}  # without an endpoint DevLake answers 500
    try:
        made = decode.record(client.write("POST", _PATH, body), f"POST {_PATH}")
    except ApiError as fault:
        found = _existing(client, name)  # created concurrently, or by our first try
        if found is None or fault.status not in (400, 500):
            raise fault from None
        return found, False
    return Connection(plugins.REPORTS, decode.number(made, "id", f"POST {_PATH}"), name), True


def report_url(root: str, connection_id: int, with_key: bool = True) -> str:
    """The URL for reports, under /rest where a key is sent. `root` is where the API answered."""
    base = root.removesuffix("/rest")
    return f"{base}{'/rest' if with_key else ''}{_PATH}/{connection_id}/report"


def make_key(client: Client, name: str, connection_id: int) -> str:
    """A new API key that may only report to this connection, and ask for erasure. DevLake never shows it again.

    Raises ApiError.
    """
    # DevLake searches for it in the path behind config-ui's /api. Its plugin cannot erase; `devtel serve` can.
    allowed = f"^(/rest)?{_PATH}/{connection_id}/(report|forget)$"
    body = {"name": name, "type": "devlake", "allowedPath": allowed, "expiredAt": None}
    try:
        answer = decode.record(client.write("POST", "/api-keys", body, repeatable=False), "POST /api-keys")
    except ApiError as fault:
        if not fault.mentions("duplicat", "exist"):
            raise
        raise ApiError(
            f"DevLake already has a key named '{name}', and shows a key only once.",
            "Make another with --key-name, or delete that one in config-ui.",
        ) from None
    key = decode.text(answer, "apiKey")
    if not key:
        raise errors.malformed("POST /api-keys", "it contains no key")
    return key


def _existing(client: Client, name: str) -> Connection | None:
    advice = "Install it, or use `devtel serve` as the endpoint."
    return queries.named_connection(client, plugins.REPORTS, name, advice)

"""A look at a report URL before it is committed: GET the connection, then what the server says of itself.

Nothing is ever posted, and DevLake's `/test` is not called: it makes a connection (docs/report-endpoint.md).
"""

from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.commands.doctor import probe

_PATIENCE = 5.0


def look(destination: Destination) -> list[str]:
    """Sentences of what was found, each with an advice where one is due. No token is sent."""
    reply = probe.get(destination.url.removesuffix("/report"), patience=_PATIENCE)
    found = [_connection(destination, reply)]
    if reply.status:
        found += _version(probe.version(destination.url))
    if destination.is_plain_http_elsewhere:
        found.append("It is http:// to another machine: reports and tokens can be read on the way. Prefer https://.")
    return found


_MEANINGS = {
    401: "{host} answers and wants a key (401): developers keep theirs with `devtel token set`.",
    403: "{host} answers and wants a key (403): developers keep theirs with `devtel token set`.",
    404: "{host} answers but takes no reports there (404): is the plugin installed, and the path right?",
    200: "{host} answers, but not as a report endpoint does: a login or proxy page may be in between.",
}


def _connection(destination: Destination, reply: probe.Reply) -> str:
    host = destination.host
    if reply.fault:
        return f"{host} does not answer ({reply.fault}). Reports wait on each machine until it does."
    if reply.status == 200 and "id" in reply.values:
        return f"{host} answers and has this connection."
    if reply.status == 404 and reply.values:
        return (
            f"{host} answers but has no such connection (404): create it there, or correct the number in the address."
        )
    if 300 <= reply.status < 400:
        return f"{host} sends elsewhere ({reply.status}), which devtel never follows: give the address it leads to."
    other = f"{host} answers {reply.status} when asked for the connection: ask its operator."
    return _MEANINGS.get(reply.status, other).format(host=host)


def _version(reply: probe.Reply) -> list[str]:
    told = reply.values.get("version")
    if reply.status != 200 or not isinstance(told, str):
        return []
    return [f"It says that its version is {''.join(c for c in told if c.isprintable())[:60]}."]

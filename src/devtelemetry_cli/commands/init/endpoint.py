"""A check of a report URL before it is committed: GET the connection, then the server's version.

Nothing is posted, and DevLake's `/test` is not called: it creates a connection (docs/report-endpoint.md).
"""

from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands import probe

_SECONDS = 5.0


def check(destination: Destination) -> list[str]:
    """The findings as sentences, with advice where there is any. No token is sent. Raises ConfigurationError."""
    reply = probe.connection(destination.url, seconds=_SECONDS)
    found = [_connection(destination, reply)]
    if reply.status:
        found += _version(probe.version(destination.url))
    if destination.is_plain_http_elsewhere:
        found.append("Reports and tokens go to another machine over plain http: the network can read them. Use https.")
    return found


_MEANINGS = {
    401: "{host} answers and requires a token (401): developers store a token with `devtel token set`.",
    403: "{host} answers and requires a token (403): developers store a token with `devtel token set`.",
    404: "{host} answers but has no report endpoint there (404): is the plugin installed, and the path correct?",
    200: "{host} answers, but not as a report endpoint: a login or proxy page may be in between.",
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
        return f"{host} redirects ({reply.status}), which devtel never follows: use the address it redirects to."
    other = f"{host} answers {reply.status} to a GET of the connection: ask its operator."
    return _MEANINGS.get(reply.status, other).format(host=host)


def _version(reply: probe.Reply) -> list[str]:
    version = reply.values.get("version")
    return [f"Its version is {one_line(version, 60)}."] if reply.status == 200 and isinstance(version, str) else []

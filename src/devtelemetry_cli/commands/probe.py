"""Requests to an endpoint that change nothing there, each with a time limit."""

import json
import time
from dataclasses import dataclass, field

from devtelemetry_cli.client.http import HttpClient, NoAnswerError, date_header

SECONDS = 10.0  # for one answer as a whole
_PLUGIN = "/plugins/developer_telemetry"


@dataclass
class Reply:
    """An answer; `fault` is the reason for its absence, `skew` the seconds that the local clock is ahead."""

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    is_tls_fault: bool = False
    skew: float | None = None

    @property
    def values(self) -> dict[str, object]:
        """The JSON object of the body; empty where it holds none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def connection(url: str, token: str = "", seconds: float = SECONDS) -> Reply:
    """GET the connection of a report URL. Raises ConfigurationError for an unusable proxy or certificates."""
    return _get(url.removesuffix("/report"), token, seconds)


def accepts_reports(url: str, token: str, seconds: float = SECONDS) -> bool | None:
    """Whether a token may report to this URL; None where the answer does not tell.

    By an empty report, which DevLake and `devtel serve` refuse with 400 after the token's check: nothing is stored.
    Raises ConfigurationError.
    """
    status = _request("POST", url, token, seconds, b"{}").status
    return {400: True, 401: False, 403: False}.get(status)


def version(url: str) -> Reply:
    """GET the server's version: `/version`, else `/ping`. No token is sent."""
    reply = _get(f"{root(url)}/version", "", SECONDS)
    return reply if reply.values.get("version") else _get(f"{root(url)}/ping", "", SECONDS)


def root(url: str) -> str:
    """The address of the server's own pages: without /rest, below which every page requires a token."""
    front = url.rpartition("/connections/")[0].removesuffix(_PLUGIN)
    return front.removesuffix("/rest")


def _get(url: str, token: str, seconds: float) -> Reply:
    return _request("GET", url, token, seconds)


def _request(method: str, url: str, token: str, seconds: float, body: bytes | None = None) -> Reply:
    client = HttpClient(token)
    try:
        response = client.request(method, url, seconds, body=body)
    except NoAnswerError as fault:
        return Reply(fault=fault.reason, is_tls_fault=fault.is_tls)
    finally:
        client.close()
    date = date_header(response.headers.get("date", ""))
    return Reply(response.status, response.body, response.headers, skew=None if date is None else time.time() - date)

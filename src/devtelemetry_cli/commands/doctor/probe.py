"""One GET at a time, each with an end: what an endpoint answers to questions that change nothing."""

import email.utils
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from devtelemetry_cli import __version__
from devtelemetry_cli.client import http, tokens
from devtelemetry_cli.commands.doctor.environment import Environment

PATIENCE = 10.0  # seconds for one answer, whatever it waits for
_MOST = 64 * 1024
_PLUGIN = "/plugins/developer_telemetry"


@dataclass
class Reply:
    """An answer; `fault` is why there was none, `skew` how far our clock is ahead of the endpoint's, in seconds."""

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    is_tls_fault: bool = False
    skew: float | None = None

    @property
    def values(self) -> dict[str, object]:
        """The JSON object that the body holds; empty where it holds none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def addresses(env: Environment) -> list[str]:
    """The report URLs that matter: those that reports go to, else the one that is asked for here."""
    if env.offline:
        return []
    asked = [env.terms.destination.url] if env.terms else []
    return [decision.url for decision in env.granted] or asked


def host(url: str) -> str:
    """The host of an address, for sentences."""
    return urlsplit(url).netloc


def connection(env: Environment, url: str) -> Reply:
    """GET the connection that reports go to, once, with the token. Raises ConfigurationError where that is damaged."""
    if url not in env.asked:
        env.asked[url] = _ask_for_connection(env, url)
    return env.asked[url]


def _ask_for_connection(env: Environment, url: str) -> Reply:
    key = next((one.key for one in env.decisions.values() if one.url == url), "")
    token = tokens.find(env.context.config, env.context.environ, key or "none", url, len(env.decisions) == 1)
    return get(url.removesuffix("/report"), token)


def version(url: str) -> Reply:
    """GET what the server says of itself: `/version`, or `/ping` where there is none. No token is sent."""
    reply = get(f"{root(url)}/version")
    return reply if reply.values.get("version") else get(f"{root(url)}/ping")


def root(url: str) -> str:
    """Where the server's own pages stand: direct or under /api; under /rest there are only those that want a key."""
    front = url.rpartition("/connections/")[0].removesuffix(_PLUGIN)
    return front.removesuffix("/rest")


def get(url: str, token: str = "", patience: float = PATIENCE) -> Reply:
    """GET an address within `patience`, whatever hangs: in a thread, since a name lookup heeds no limit."""
    reply = Reply(fault="it took too long")

    def ask() -> None:
        nonlocal reply
        reply = _get(url, token, patience)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(patience)
    return reply


def _get(url: str, token: str, patience: float) -> Reply:
    headers = {"Accept": "application/json", "User-Agent": f"devtel/{__version__}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with (
            httpx.Client(follow_redirects=False, headers=headers, timeout=patience) as client,
            client.stream("GET", url) as response,
        ):
            heard = time.time()
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MOST:
                    break
            named = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, bytes(body), named, skew=_skew(named.get("date", ""), heard))
    except httpx.TimeoutException:
        return Reply(fault="it took too long")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
        return _fault(fault)


def _fault(fault: Exception) -> Reply:
    text = http.reason(fault)
    tls = isinstance(fault, ssl.SSLError) or "SSL" in text or "certificate" in text
    if "CERTIFICATE_VERIFY_FAILED" in text:  # of OpenSSL's words only what it found
        text = text.rpartition("verify failed: ")[2]
    text = text.partition(" (_ssl.c")[0]
    return Reply(fault=text, is_tls_fault=tls)


def _skew(value: str, heard: float) -> float | None:
    try:
        return heard - email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None

"""Inputs of handlers: the body within limits, the connection's id, and the state of the application."""

import asyncio
from dataclasses import dataclass

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from devtelemetry_cli.server import sessions
from devtelemetry_cli.server.auth import Tokens
from devtelemetry_cli.server.db.database import Database
from devtelemetry_cli.server.ingest.writer import Writer
from devtelemetry_cli.server.metrics import Metrics
from devtelemetry_cli.server.proxies import TrustedProxies
from devtelemetry_cli.server.responses import RefusedError
from devtelemetry_cli.server.sessions import Sessions
from devtelemetry_cli.server.team.cell_cache import CellCache
from devtelemetry_cli.server.team.publisher import Publisher
from devtelemetry_cli.server.throttle import LoginThrottle

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 15.0


@dataclass(frozen=True)
class AppState:
    """The shared objects of one serving process."""

    database: Database
    writer: Writer
    publisher: Publisher
    tokens: Tokens
    sessions: Sessions
    logins: LoginThrottle
    proxies: TrustedProxies
    metrics: Metrics
    forget_key: bytes
    pseudonym_key: bytes
    k: int
    cells: CellCache
    hourly_cost: int
    demo: bool
    is_open: bool
    public_url: str


def state(request: Request) -> AppState:
    """The shared objects of this process."""
    app_state: AppState = request.app.state.app_state
    return app_state


async def has_session(request: Request) -> bool:
    """Whether the request comes from a browser that has logged in."""
    identifier = sessions.cookie(request)
    return bool(identifier) and await run_in_threadpool(state(request).sessions.is_open, identifier)


async def check_viewer(request: Request) -> None:
    """RefusedError unless the request may read the team's pages."""
    if not await has_session(request):
        state(request).tokens.check_view(request)


async def is_admin(request: Request) -> bool:
    """Whether the request may administer: with the admin token, from this machine, or in an administrator's session."""
    if state(request).tokens.is_admin(request):
        return True
    identifier = sessions.cookie(request)
    return bool(identifier) and await run_in_threadpool(state(request).sessions.is_admin, identifier)


def connection_id(request: Request) -> int:
    """The connection's id in the path; RefusedError 400 if it is not a number."""
    return id_in_path(request, "connection")


def id_in_path(request: Request, kind: str) -> int:
    """The id in the path, of a row of that kind; RefusedError 400 if it is not a number."""
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise RefusedError(400, f"the {kind} id in the path is not a number")
    return int(text)


async def read_body(request: Request) -> bytes:
    """The body; RefusedError 415 if compressed, 413 as soon as it is known to be too large, 408 if slow."""
    headers: dict[bytes, bytes] = dict(request.scope["headers"])  # request.headers costs more than reading the body
    if headers.get(b"content-encoding", b"").strip().lower() not in (b"", b"identity"):
        raise RefusedError(415, "a compressed body is not read here")
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _whole(request)
    except TimeoutError:
        raise RefusedError(408, f"the body did not arrive within {BODY_SECONDS:.0f} seconds") from None


async def _whole(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> RefusedError:
    return RefusedError(413, f"the body is larger than {MAX_BODY_BYTES} bytes")

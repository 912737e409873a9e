"""HTTP requests by httpx, as HttpClient makes them. Imported by the first request: most commands make none."""

import functools
import os
import re
import ssl
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from queue import SimpleQueue

import httpx

from devtelemetry_cli import __version__
from devtelemetry_cli.client import proxies
from devtelemetry_cli.client.http import NoAnswerError, Response
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.errors import ConfigurationError

_INFLATED = ("gzip", "x-gzip", "deflate")

Calls = SimpleQueue["tuple[Future[Response], Callable[[], Response]] | None"]


@dataclass
class Transport:
    """HttpClient's connections."""

    token: str = field(repr=False)
    limit: int
    _client: httpx.Client | None = field(default=None, init=False, repr=False)
    _calls: Calls | None = field(default=None, init=False, repr=False)

    def request(self, method: str, url: str, seconds: float, *, body: bytes | None, step: float) -> Response:
        """As HttpClient.request."""
        try:
            client = self._client = self._client or _open(url, self.token)
            headers = {"Content-Type": "application/json"} if body is not None else {}
            timeout = max(min(step, seconds), 0.001)
            request = client.build_request(method, url, content=body, headers=headers, timeout=timeout)
            return self._within(seconds, lambda: _send(client, request, self.limit))
        except (httpx.TimeoutException, TimeoutError) as fault:
            self.close()  # the connection may still be in use by the thread that was given up
            raise _too_slow(fault) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
            raise _no_answer(fault) from None

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        client, self._client = self._client, None
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.put(None)
        if client is not None:
            client.close()

    def _within(self, seconds: float, act: Callable[[], Response]) -> Response:
        """The result of `act`. Raises its exception, or TimeoutError after `seconds`.

        In a thread, because nothing else ends every wait: a name lookup takes no time limit, and a server that sends a
        header byte by byte never meets the limit of a single wait. Starting one takes 0.4 ms, so it is kept.
        """
        if self._calls is None:
            self._calls = SimpleQueue()
            threading.Thread(target=_make_calls, args=(self._calls,), daemon=True).start()
        future: Future[Response] = Future()
        self._calls.put((future, act))
        return future.result(max(seconds, 0.0))


def _open(url: str, token: str) -> httpx.Client:
    """A client for the host of `url`. Raises ConfigurationError."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"devtel/{__version__}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    proxy = proxies.proxy_for(url)
    certificates = _trusted(is_tls="https:" in f"{url} {proxy}".lower())
    try:
        return httpx.Client(headers=headers, cookies=cookies, verify=certificates, proxy=proxy, trust_env=False)
    except (httpx.InvalidURL, ImportError, ValueError) as fault:
        shown = one_line(proxies.without_credentials(proxy or ""))
        raise ConfigurationError(
            f"The proxy {shown} cannot be used: {one_line(str(fault)).rstrip('.')}.",
            "Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or exclude the host by NO_PROXY.",
        ) from None


def _trusted(*, is_tls: bool) -> ssl.SSLContext:
    """The trusted certificates: none where plain http needs none, unless a variable names some. ConfigurationError."""
    file, folder = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    return _certificates(file, folder) if is_tls or file or folder else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@functools.cache
def _certificates(file: str, folder: str) -> ssl.SSLContext:
    """The trusted certificates; reading them takes 40 ms, once in a process. Raises ConfigurationError."""
    try:
        return httpx.create_ssl_context()
    except OSError as fault:  # ssl.SSLError is one
        name, value = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", folder)
        raise ConfigurationError(
            f"{name} names {one_line(value)}, which cannot be used: {reason(fault)}.",
            "Name certificates in PEM, or unset it.",
        ) from None


def _make_calls(calls: Calls) -> None:
    """Make one call after another, until None."""
    for future, act in iter(calls.get, None):
        try:
            future.set_result(act())
        except BaseException as fault:  # passed on to the caller, which waits for it
            future.set_exception(fault)


def _send(client: httpx.Client, request: httpx.Request, limit: int) -> Response:
    response = client.send(request, stream=True)
    try:
        raw = bytearray()
        for chunk in response.iter_raw():
            raw += chunk
            if len(raw) > limit:
                break
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    body, is_whole = _decode(bytes(raw), headers.get("content-encoding", ""), limit)
    return Response(response.status_code, headers, body[:limit], is_whole and len(body) <= limit)


def _decode(raw: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """The content, inflated to hardly more than `limit`, and whether it is whole. No compression was asked for."""
    if encoding.strip().lower() in ("", "identity"):
        return raw, True
    if encoding.strip().lower() not in _INFLATED:
        return b"", False
    inflater = zlib.decompressobj(wbits=47)  # gzip and zlib, by their headers
    try:
        return inflater.decompress(raw, limit + 1), inflater.eof
    except zlib.error:
        return b"", False


def _too_slow(fault: Exception) -> NoAnswerError:
    return NoAnswerError("it took too long", is_slow=True, may_have_arrived=not isinstance(fault, httpx.ConnectTimeout))


def _no_answer(fault: Exception) -> NoAnswerError:
    why = reason(fault)
    return NoAnswerError(
        why,
        may_have_arrived=not isinstance(fault, httpx.ConnectError),
        is_tls=isinstance(fault, ssl.SSLError) or "SSL" in str(fault) or "certificate" in why,
    )


def reason(fault: Exception) -> str:
    """Why, on one line: "Connection refused", without the numbers and file names of the system and of OpenSSL."""
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(fault).strip()) or type(fault).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        text = text.rpartition("verify failed: ")[2]
    return one_line(text.partition(" (_ssl.c")[0], 200).rstrip(".")

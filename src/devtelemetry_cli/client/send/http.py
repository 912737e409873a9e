"""One request to an endpoint, and its answer understood. Never follows a redirect, never waits past the deadline."""

import json
import re
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from devtelemetry_cli import __version__
from devtelemetry_cli.client.send import responses
from devtelemetry_cli.client.send.responses import Answer, Meaning

_MOST = 64 * 1024  # bytes of an answer that are read
_STEP = 10.0  # seconds for connecting, and for each wait on the way


@dataclass
class Endpoint:
    """Where requests go: the address, its host for sentences, its token ("" for none), the deadline (monotonic)."""

    url: str
    host: str
    token: str
    deadline: float
    _client: httpx.Client | None = field(default=None, init=False, repr=False)

    def report(self, body: bytes) -> Answer:
        """Send one report; a body that met another first report half-way goes once more."""
        answer = self._post(self.url, body)
        return self._post(self.url, body) if answer.meaning is Meaning.AGAIN else answer

    def forget(self, anonymous_id: str) -> Answer:
        """Ask for the erasure of all that came under an ID."""
        address = f"{self.url.removesuffix('/report')}/forget"
        return self._post(address, json.dumps({"developer": anonymous_id}).encode())

    def close(self) -> None:
        """Close the connections, if there are any."""
        if self._client is not None:
            self._client.close()

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"devtel/{__version__}",
        }
        return {**headers, "Authorization": f"Bearer {self.token}"} if self.token else headers

    def _post(self, url: str, body: bytes) -> Answer:
        left = self.deadline - time.monotonic()
        if left <= 0:
            return responses.no_answer(self.host, "the time for this flush is over")
        self._client = self._client or httpx.Client(follow_redirects=False, headers=self._headers())
        try:
            with _alarm(left), self._client.stream("POST", url, content=body, timeout=min(_STEP, left)) as response:
                text = _read(response)
        except (httpx.TimeoutException, TimeoutError):
            return responses.no_answer(self.host, "it took too long")
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, ValueError) as fault:
            return responses.no_answer(self.host, reason(fault))
        return responses.understand(response.status_code, dict(response.headers.items()), text, self.host)


def _read(response: httpx.Response) -> bytes:
    """The answer's body as far as it matters."""
    text = bytearray()
    for chunk in response.iter_bytes():
        text += chunk
        if len(text) > _MOST:
            break
    return bytes(text[:_MOST])


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after `seconds`: a server that trickles byte by byte never meets httpx's own limits."""

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def reason(fault: Exception) -> str:
    """Why there was no answer, in words on one line: "Connection refused", without the system's number for it."""
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(fault).strip()) or type(fault).__name__
    return "".join(c if c.isprintable() else " " for c in text)[:200]

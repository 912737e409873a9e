"""One client for DevLake's REST API: address, key, paging, retries, and every fault as one sentence."""

import functools
import hashlib
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx

from devtelemetry_cli import __version__
from devtelemetry_cli.devlake import credentials as accesses
from devtelemetry_cli.devlake.api import errors, retry
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.retry import Clock, Policy, RateLimiter
from devtelemetry_cli.devlake.credentials import Access

MOST = 64 * 1024 * 1024  # bytes of one answer
_SURELY_NOT_DONE = frozenset({429, 503})  # after these a request that must not happen twice may go again
_NOT_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout)  # no connection: nothing can have happened
_WHOLE_ANSWER = 4  # an answer may take so many times the timeout of a single wait

Query = str | int | bool


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass
class Client:
    """Requests below `root`. `attempts` and `errors` count what went over the wire and what of it went wrong."""

    root: str
    key: str = field(repr=False)
    policy: Policy = field(default_factory=Policy)
    clock: Clock = field(default_factory=Clock)
    attempts: int = field(default=0, init=False)
    errors: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        headers = {"Accept": "application/json", "User-Agent": f"devtel/{__version__}"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        self._http = httpx.Client(headers=headers, timeout=self.policy.timeout, follow_redirects=False, verify=_trust())
        self._pace = RateLimiter(self.policy.rate, self.clock)

    def __enter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    def __exit__(self, _kind: type | None, _fault: BaseException | None, _trace: TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def host(self) -> str:
        """The host and port, for sentences and file names."""
        return urlsplit(self.root).netloc

    @property
    def mark(self) -> str:
        """What names this DevLake's own files."""
        readable = "".join(c if c.isalnum() or c in ".-" else "-" for c in self.host)[:40]
        return f"{readable}-{hashlib.sha256(self.root.removesuffix('/rest').encode()).hexdigest()[:12]}"

    def get(self, path: str, **query: Query) -> object:
        """The answer of a reading request, as JSON. Raises ApiError."""
        return self._request("GET", _with(path, query), None, again=True)

    def pages(self, path: str, name: str, size: int, **query: Query) -> Iterator[dict[str, Any]]:
        """Each object of a list that comes in pages under `name`, one page in memory at a time. Raises ApiError."""
        number = 1
        while True:
            answer = self.get(path, page=number, pageSize=size, **query)
            page = answer if isinstance(answer, dict) else {}
            items, count = objects(page.get(name), f"GET {path}"), page.get("count")
            yield from items
            if len(items) < size or (isinstance(count, int) and number * size >= count):
                return
            number += 1

    def write(self, method: str, path: str, body: object, again: bool = True) -> object:
        """The answer of a writing request. `again`: doing it twice is the same as doing it once. Raises ApiError."""
        return self._request(method, path, json.dumps(body).encode(), again)

    def _request(self, method: str, path: str, body: bytes | None, again: bool) -> object:
        request = f"{method} {path.partition('?')[0]}"
        failures = 0
        while True:
            fault, retry_after, arrived = None, None, True
            try:
                answer = self._send(method, path, body)
                fault = None if answer.status < 300 else self._fault(request, answer)
                if fault is None:
                    return _content(request, answer.body)
                retry_after = retry.retry_after(answer.retry_after, self.clock.now())
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, TimeoutError) as trouble:
                fault, arrived = self._no_answer(request, trouble), not isinstance(trouble, _NOT_ARRIVED)
            self.errors += 1
            failures += 1
            if failures >= self.policy.tries or not _is_worth_another(fault, again or not arrived):
                raise fault
            self.clock.wait(self.policy.pause(failures - 1, retry_after))

    def _send(self, method: str, path: str, body: bytes | None) -> Answer:
        self._pace.wait()
        self.attempts += 1
        deadline = self.clock.passed() + _WHOLE_ANSWER * self.policy.timeout
        headers = {"Content-Type": "application/json"} if body is not None else {}
        with self._http.stream(method, self.root + path, content=body, headers=headers) as response:
            text = bytearray()
            for chunk in response.iter_bytes():
                text += chunk
                if len(text) > MOST:
                    raise httpx.DecodingError(f"the answer is larger than {MOST // 1024**2} MiB")
                if self.clock.passed() > deadline:
                    raise TimeoutError
        return Answer(response.status_code, response.headers.get("Retry-After"), bytes(text))

    def _fault(self, request: str, answer: Answer) -> ApiError:
        return errors.explain(request, answer.status, answer.body, has_key=bool(self.key))

    def _no_answer(self, request: str, trouble: Exception) -> ApiError:
        if isinstance(trouble, httpx.TimeoutException | TimeoutError):
            return errors.too_slow(request, self.policy.timeout)
        return errors.no_answer(request, errors.one_line(str(trouble)) or type(trouble).__name__)


def connect(access: Access, policy: Policy, clock: Clock) -> Client:
    """A client for the place below this address where DevLake answers. Raises ApiError, ConfigurationError.

    `/version` answers there without any key or migration; a page of config-ui answers everywhere, but not in JSON.
    """
    found: list[ApiError] = []
    client = Client("", access.key, policy, clock)
    for client.root in accesses.roots(access):
        try:
            answer = client.get("/version")
            if isinstance(answer, dict) and "version" in answer:
                return client
            found.append(errors.unexpected("GET /version", "it holds no version"))
        except ApiError as fault:
            found.append(fault)
            if fault.exit_code in (69, 75):
                break
    client.close()
    raise next((fault for fault in found if fault.exit_code != 78), found[-1])


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes 40 ms, once in a process."""
    return httpx.create_ssl_context()


def part(text: object) -> str:
    """A piece of a path, percent-encoded whole: names of projects and scopes hold slashes."""
    encoded = quote(str(text), safe="")
    return encoded.replace(".", "%2E") if encoded in (".", "..") else encoded  # else they would climb


def objects(value: object, request: str) -> list[dict[str, Any]]:
    """A list of objects; null is an empty one. Raises ApiError for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise errors.malformed(request, "a list was expected")
    return value


def record(value: object, request: str) -> dict[str, Any]:
    """One object. Raises ApiError for anything else."""
    if not isinstance(value, dict):
        raise errors.malformed(request, "an object was expected")
    return value


def _with(path: str, query: dict[str, Query]) -> str:
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return f"{path}?{urlencode(texts)}" if texts else path


def _content(request: str, body: bytes) -> object:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise errors.unexpected(request, "it is not JSON") from None


def _is_worth_another(fault: ApiError, again: bool) -> bool:
    if fault.says("duplicat", "already exist"):
        return False
    if fault.is_no_answer:
        return again
    return fault.status in (errors.RETRIED if again else _SURELY_NOT_DONE)

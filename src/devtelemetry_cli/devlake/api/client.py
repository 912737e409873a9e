"""The client of DevLake's REST API: address, key, paging, retries, and every error as one sentence."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from devtelemetry_cli.client import http
from devtelemetry_cli.client.http import HttpClient, NoAnswerError, Response
from devtelemetry_cli.devlake import credentials
from devtelemetry_cli.devlake.api import decode, errors, urls
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.retry import Clock, Policy, RateLimiter
from devtelemetry_cli.devlake.api.urls import Query
from devtelemetry_cli.devlake.credentials import Access

MAX_BYTES = 64 * 1024 * 1024  # of one answer
_NOT_EXECUTED = frozenset({429, 503})  # statuses after which a request that must not run twice may be repeated
_ANSWER_TIMEOUTS = 4  # a whole answer may take this many times the timeout of a single wait


@dataclass
class Client:
    """Requests below `root`. `attempts` and `errors` count the requests sent and those that failed."""

    root: str
    http: HttpClient
    policy: Policy
    clock: Clock
    limiter: RateLimiter
    attempts: int = 0
    errors: int = 0

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, _kind: type | None, _fault: BaseException | None, _trace: TracebackType | None) -> None:
        """Close the connections."""
        self.http.close()

    @property
    def host(self) -> str:
        """Host and port, for messages and file names."""
        return urlsplit(self.root).netloc

    @property
    def file_tag(self) -> str:
        """A part of a file name that is unique to this DevLake."""
        readable = "".join(c if c.isalnum() or c in ".-" else "-" for c in self.host)[:40]
        return f"{readable}-{hashlib.sha256(self.root.removesuffix('/rest').encode()).hexdigest()[:12]}"

    def get(self, path: str, **query: Query) -> object:
        """The decoded answer to a GET. Raises ApiError."""
        return self._request("GET", urls.with_query(path, query), None, repeatable=True, timeout=self.policy.timeout)

    def ask_remote(self, method: str, path: str, **query: Query) -> object:
        """The decoded answer to a request for which DevLake asks the service behind a connection. Raises ApiError."""
        body, timeout = b"{}" if method == "POST" else None, self.policy.remote_timeout or self.policy.timeout
        return self._request(method, urls.with_query(path, query), body, repeatable=True, timeout=timeout)

    def pages(self, path: str, name: str, size: int, **query: Query) -> Iterator[dict[str, Any]]:
        """Each object of a paged list under `name`, with one page in memory at a time. Raises ApiError."""
        number, before = 1, list[dict[str, Any]]()
        while True:
            answer = self.get(path, page=number, pageSize=size, **query)
            page = answer if isinstance(answer, dict) else {}
            items, count = decode.objects(page.get(name), f"GET {path}"), page.get("count")
            if items and items == before:  # something between, perhaps, that drops the query
                raise errors.malformed(f"GET {path}", "a page repeats the one before")
            yield from items
            if len(items) < size or (isinstance(count, int) and number * size >= count):
                return
            number, before = number + 1, items

    def write(self, method: str, path: str, body: object, repeatable: bool = True) -> object:
        """The decoded answer to a write. `repeatable`: running it twice has the same result. Raises ApiError."""
        return self._request(method, path, json.dumps(body).encode(), repeatable, self.policy.timeout)

    def _request(self, method: str, path: str, body: bytes | None, repeatable: bool, timeout: float) -> object:
        request = f"{method} {path.partition('?')[0]}"
        failures = 0
        while True:
            retry_after, arrived = None, True
            try:
                answer = self._send(method, path, body, timeout)
                if answer.status < 300 and answer.is_whole:
                    return _content(request, answer.body)
                fault = self._fault(request, answer)
                retry_after = http.retry_after(answer.headers.get("retry-after"), self.clock.now())
            except NoAnswerError as cause:
                fault, arrived = _no_answer(request, cause, timeout), cause.may_have_arrived
            self.errors += 1
            failures += 1
            if failures >= self.policy.tries or not _is_retried(fault, repeatable or not arrived):
                raise fault
            self.clock.wait(self.policy.pause(failures - 1, retry_after))

    def _send(self, method: str, path: str, body: bytes | None, timeout: float) -> Response:
        self.limiter.wait()
        self.attempts += 1
        return self.http.request(method, self.root + path, _ANSWER_TIMEOUTS * timeout, body=body, step=timeout)

    def _fault(self, request: str, answer: Response) -> ApiError:
        if answer.status < 300:
            return errors.no_answer(request, f"the answer is damaged or larger than {self.http.limit // 1024**2} MiB")
        return errors.from_response(request, answer.status, answer.body, has_key=bool(self.http.token))


def new_client(root: str, key: str, policy: Policy, clock: Clock) -> Client:
    """A client for the API at `root`. No request is sent."""
    return Client(root, HttpClient(key, MAX_BYTES), policy, clock, RateLimiter(policy.rate, clock))


def open_client(access: Access, policy: Policy, clock: Clock) -> Client:
    """A client for the first root below this address where DevLake answers. Raises ApiError, ConfigurationError.

    `/version` needs no migration, and without /rest no key. config-ui answers every path, but not in JSON.
    """
    faults: list[ApiError] = []
    client = new_client("", access.key, policy, clock)
    for client.root in credentials.roots(access):
        try:
            answer = client.get("/version")
            if isinstance(answer, dict) and "version" in answer:
                return client
            faults.append(errors.unexpected("GET /version", "it contains no version"))
        except ApiError as fault:
            faults.append(fault)
            if fault.exit_code in (69, 75):
                break
    client.http.close()
    raise next((fault for fault in faults if fault.exit_code != 78), faults[-1])


def _no_answer(request: str, cause: NoAnswerError, timeout: float) -> ApiError:
    return errors.too_slow(request, timeout) if cause.is_slow else errors.no_answer(request, cause.reason)


def _content(request: str, body: bytes) -> object:
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body)  # stricter than Python's: no half of a surrogate pair, which no text can hold
    except (ValueError, RecursionError):
        raise errors.unexpected(request, "it is not JSON") from None


def _is_retried(fault: ApiError, repeatable: bool) -> bool:
    if fault.is_duplicate:
        return False
    if fault.is_unreachable:
        return repeatable
    return fault.status in (errors.RETRIED if repeatable else _NOT_EXECUTED)

"""HTTP client for the reading API of a devtel server, limited to what a view token may read."""

import time
from collections.abc import Iterator
from typing import Any, Optional

from pydevlake.api import API, APIException, Request, request_hook
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

TIMEOUT = (5, 60)  # seconds to connect, and between two parts of an answer
PAGE_SIZE = 1000  # rows of one page, the server's maximum
MOST_PAGES = 1000  # a bound on the walk: a million rows
RETRY = Retry(
    total=4,
    connect=0,
    backoff_factor=1,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=("GET",),
    raise_on_status=False,
)


class TimeoutAdapter(HTTPAdapter):
    """Adds time limits and retries: pydevlake sets no limit, and its own pause after a 429 fails."""

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send with a time limit. Raises requests.RequestException."""
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT
        return super().send(request, **kwargs)


class DevtelAPI(API):
    """The reading API of one connection's server."""

    @property
    def base_url(self) -> Optional[str]:
        """The server's address without a trailing slash."""
        return (self.connection.endpoint or "").rstrip("/")

    @property
    def session(self) -> Any:
        """A requests session with time limits and retries."""
        if not hasattr(self, "_session"):
            session = super().session
            for scheme in ("http://", "https://"):
                session.mount(scheme, TimeoutAdapter(max_retries=RETRY))
        return self._session

    @request_hook
    def authenticate(self, request: Request) -> None:
        """Send the view token, if the connection has one."""
        token = self.connection.token
        if token and token.get_secret_value():
            request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"

    @request_hook
    def limit_rate(self, _request: Request) -> None:
        """Keep to the connection's requests per hour."""
        per_hour = self.connection.rate_limit_per_hour
        if per_hour and hasattr(self, "_last"):
            time.sleep(max(0.0, self._last + 3600 / per_hour - time.monotonic()))
        self._last = time.monotonic()

    def response_hooks(self) -> list:
        """None of pydevlake's: its pause after a 429 fails on a Retry-After header. The session retries instead."""
        return []

    def projects(self) -> list[str]:
        """The names of the projects that the server has published; "" stands for reports without a project."""
        return [row["project"] for row in self._pages("devtel/v1/projects", {})]

    def target_weeks(self, project: str) -> Iterator[dict[str, Any]]:
        """The published rows of one project. Raises APIException, for an unknown project too (404).

        The collection of a project replaces all of its rows, so an unknown project must not look like an empty one.
        """
        return self._pages("devtel/v1/team-metrics", {"project": project})

    def check(self) -> None:
        """One request that a view token allows. Raises APIException or requests.RequestException."""
        self._page("devtel/v1/projects", {"pageSize": 1})

    def _pages(self, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for page in range(1, MOST_PAGES + 1):
            found = self._page(path, {**query, "page": page, "pageSize": PAGE_SIZE})
            for row in found["rows"]:
                yield {**row, "min_developers": found["minDevelopers"]}
            if len(found["rows"]) < PAGE_SIZE:
                return
        raise ValueError(f"{path} has more than {MOST_PAGES} pages")

    def _page(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        response = self.get(path, **query)
        try:
            found = response.json
        except ValueError:
            found = None
        if response.status != 200 or not isinstance(found, dict) or not isinstance(found.get("rows"), list):
            raise APIException(response)
        return found

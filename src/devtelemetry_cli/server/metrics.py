"""Prometheus metrics: requests, their durations, and outcomes of reports. No label names a person or a team."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

REASONS = {
    400: "invalid",
    401: "no key",
    403: "wrong key",
    404: "no such connection",
    408: "too slow",
    410: "forgotten",
    413: "too large",
    415: "compressed",
    429: "too many",
    499: "sender left",
    503: "database away",
}


@dataclass(frozen=True)
class Metrics:
    """The counters of this process; with `folder`, which all workers share, `render` adds up those of all."""

    folder: Path | None
    registry: "CollectorRegistry"
    requests: "Counter"
    seconds: "Histogram"
    stored: "Counter"
    superseded: "Counter"
    refused: "Counter"

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the name of a handler, or empty."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        if route == "report" and status != 200:
            self.refused.labels(REASONS.get(status, "fault")).inc()

    def taken(self, stored: bool) -> None:
        """Count one report that was answered 200."""
        (self.stored if stored else self.superseded).inc()

    def render(self) -> tuple[bytes, str]:
        """The exposition and its content type."""
        import prometheus_client as prometheus  # noqa: PLC0415 - see load()
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        registry = self.registry
        if self.folder is not None:
            registry = prometheus.CollectorRegistry()
            MultiProcessCollector(registry, path=str(self.folder))  # type: ignore[no-untyped-call]
        return prometheus.generate_latest(registry), prometheus.CONTENT_TYPE_LATEST


def load(folder: Path | None = None) -> Metrics:
    """New counters, kept in `folder` where one is given: prometheus_client decides that while it is imported."""
    if folder is not None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: PLC0415

    own = CollectorRegistry()
    answered = ["method", "route", "status"]
    return Metrics(
        folder,
        own,
        Counter("devtel_http_requests_total", "Requests that were answered.", answered, registry=own),
        Histogram(
            "devtel_http_request_seconds", "From a request's head to the end of its answer.", ["route"], registry=own
        ),
        Counter("devtel_reports_stored_total", "Reports that were stored.", registry=own),
        Counter(
            "devtel_reports_superseded_total", "Reports answered 200 that a later revision had overtaken.", registry=own
        ),
        Counter("devtel_reports_refused_total", "Reports not taken.", ["reason"], registry=own),
    )

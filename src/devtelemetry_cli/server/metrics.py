"""Prometheus metrics: requests, their durations, and outcomes of reports. No label names a person or a team."""

import os
from pathlib import Path

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


class Metrics:
    """The counters of this process; with `folder`, which all workers share, `render` adds up those of all."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        # It decides while it is imported how it keeps its values: each in this process, or in the folder.
        import prometheus_client as prometheus  # noqa: PLC0415

        self._folder = folder
        self._registry = own = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "devtel_http_requests_total", "Requests that were answered.", ["method", "route", "status"], registry=own
        )
        self._seconds = prometheus.Histogram(
            "devtel_http_request_seconds", "From a request's head to the end of its answer.", ["route"], registry=own
        )
        self._stored = prometheus.Counter("devtel_reports_stored_total", "Reports that were stored.", registry=own)
        self._superseded = prometheus.Counter(
            "devtel_reports_superseded_total", "Reports answered 200 that a later revision had overtaken.", registry=own
        )
        self._refused = prometheus.Counter(
            "devtel_reports_refused_total", "Reports not taken.", ["reason"], registry=own
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the name of a handler, or empty."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if route == "report" and status != 200:
            self._refused.labels(REASONS.get(status, "fault")).inc()

    def taken(self, stored: bool) -> None:
        """Count one report that was answered 200."""
        (self._stored if stored else self._superseded).inc()

    def render(self) -> tuple[bytes, str]:
        """The exposition and its content type."""
        import prometheus_client as prometheus  # noqa: PLC0415 - see above
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        registry = self._registry
        if self._folder is not None:
            registry = prometheus.CollectorRegistry()
            MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return prometheus.generate_latest(registry), prometheus.CONTENT_TYPE_LATEST

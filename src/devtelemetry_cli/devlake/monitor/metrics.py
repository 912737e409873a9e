"""The snapshot as Prometheus metrics. Counters come from the state file, so a restart does not reset them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from devtelemetry_cli.devlake.monitor.history import History
from devtelemetry_cli.devlake.monitor.monitor import Snapshot
from devtelemetry_cli.errors import ConfigurationError, reason

_GAUGES: tuple[tuple[str, str, Callable[[History, float], float | None]], ...] = (
    ("last_success_timestamp_seconds", "End of its last complete pipeline.", lambda h, _: h.succeeded),
    ("last_failure_timestamp_seconds", "End of its last failed pipeline.", lambda h, _: h.failed),
    ("duration_seconds", "Duration of its last ended pipeline.", lambda h, _: h.duration),
    (
        "data_age_seconds",
        "Greatest possible age of its newest data.",
        lambda h, now: None if h.fresh is None else now - h.fresh,
    ),
)


class Metrics(Collector):
    """Reads the current snapshot at each scrape."""

    def __init__(self, snapshot: Callable[[], Snapshot], now: Callable[[], float], label_time_failed: bool) -> None:
        self._snapshot, self._now, self._label_time_failed = snapshot, now, label_time_failed

    def collect(self) -> Iterator[Metric]:
        """All metrics of one snapshot."""
        snapshot = self._snapshot()
        yield self._failures(snapshot)
        yield from self._gauges(snapshot)
        yield _statuses(snapshot)
        yield _reasons(snapshot)
        yield CounterMetricFamily("devlake_api_errors", "Failed requests to DevLake.", value=snapshot.errors)
        yield GaugeMetricFamily("devlake_up", "Whether the last check reached DevLake.", value=snapshot.is_up)
        yield GaugeMetricFamily(
            "devlake_last_check_timestamp_seconds", "Time of the last successful check.", value=snapshot.checked
        )

    def _failures(self, snapshot: Snapshot) -> Metric:
        labels = ["project_name", *(["time_failed"] if self._label_time_failed else [])]
        family = CounterMetricFamily("devlake_blueprint_failure", "Failed pipelines, each counted once.", labels=labels)
        for entry in snapshot.entries.values():
            if not self._label_time_failed:
                family.add_metric([entry.project], entry.history.total)
                continue
            for moment, count in Counter(_moment(when) for _, when in entry.history.failures).items():
                family.add_metric([entry.project, moment], count)
        return family

    def _gauges(self, snapshot: Snapshot) -> Iterator[Metric]:
        now = self._now()
        for name, text, value_of in _GAUGES:
            family = GaugeMetricFamily(f"devlake_blueprint_{name}", text, labels=["project_name"])
            for entry in snapshot.entries.values():
                value = value_of(entry.history, now)
                if value is not None:
                    family.add_metric([entry.project], value)
            yield family
        failing = GaugeMetricFamily(
            "devlake_blueprint_failing", "1: its last ended pipeline failed.", labels=["project_name"]
        )
        enabled = GaugeMetricFamily("devlake_blueprint_enabled", "1: it is enabled.", labels=["project_name"])
        for entry in snapshot.entries.values():
            failing.add_metric([entry.project], entry.is_failing)
            enabled.add_metric([entry.project], entry.enabled)
        yield from (failing, enabled)


def _moment(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _statuses(snapshot: Snapshot) -> Metric:
    family = GaugeMetricFamily(
        "devlake_blueprint_status", "1 for the status of its newest pipeline.", labels=["project_name", "status"]
    )
    for entry in snapshot.entries.values():
        family.add_metric([entry.project, entry.history.status or "none"], 1)
    return family


def _reasons(snapshot: Snapshot) -> Metric:
    labels = ["project_name", "reason"]
    family = GaugeMetricFamily(
        "devlake_blueprint_last_failure_info", "1 for the reason of its last failure.", labels=labels
    )
    for entry in snapshot.entries.values():
        if entry.history.failed is not None:
            family.add_metric([entry.project, entry.history.reason], 1)
    return family


@contextmanager
def served(metrics: Metrics, host: str, port: int) -> Iterator[int]:
    """Serve the metrics while the body runs; yields the port. Raises ConfigurationError for an unusable address."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, OverflowError) as fault:
        raise ConfigurationError(f"The metrics cannot be served on {host}:{port}: {reason(fault)}.") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

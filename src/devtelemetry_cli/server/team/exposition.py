"""The last whole week as Prometheus metrics, from published cells and profiles."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from devtelemetry_cli.server.team.adoption import Adoption
from devtelemetry_cli.server.team.comparison import Change
from devtelemetry_cli.server.team.digest import Digest, WeekTarget

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MAX_TARGETS = 200  # those that cost most; JSON and CSV have all

_LABELS = ("project", "target")
_OF_TARGETS: tuple[tuple[str, str, Callable[[WeekTarget], float | None]], ...] = (
    ("target_runs", "Runs.", lambda it: it.totals.runs),
    ("target_failures", "Failed runs.", lambda it: it.totals.failures),
    ("target_waited_seconds", "Time waited.", lambda it: it.totals.waited),
    ("target_mean_seconds", "Mean duration of completed runs.", lambda it: it.totals.mean),
    ("target_p50_seconds", "Median duration of completed runs.", lambda it: it.totals.p50),
    ("target_p90_seconds", "90th percentile of the durations of completed runs.", lambda it: it.totals.p90),
    ("target_developers", "Developers, at least.", lambda it: it.developers),
)
_OF_CHANGES: tuple[tuple[str, str, Callable[[Digest], Sequence[Change]], Callable[[Change], float]], ...] = (
    (
        "slower_ratio",
        "Mean duration against the four weeks before, of targets that became clearly slower.",
        lambda shown: shown.changes.slower,
        lambda it: it.now.mean / it.before.mean,
    ),
    (
        "faster_ratio",
        "Mean duration against the four weeks before, of targets that became clearly faster.",
        lambda shown: shown.changes.faster,
        lambda it: it.now.mean / it.before.mean,
    ),
    (
        "more_fragile_points",
        "Percentage points of failure rate more than before, of targets that became clearly more fragile.",
        lambda shown: shown.changes.fragile,
        lambda it: 100 * (it.now.failure_rate - it.before.failure_rate),
    ),
    (
        "more_robust_points",
        "Percentage points of failure rate less than before, of targets that became clearly more robust.",
        lambda shown: shown.changes.robust,
        lambda it: 100 * (it.before.failure_rate - it.now.failure_rate),
    ),
)


class _Collected:
    """Metric families made before, as a registry asks for them."""

    def __init__(self, families: "Sequence[Metric]") -> None:
        self._families = families

    def collect(self) -> "Sequence[Metric]":
        """All of them."""
        return self._families


def render(shown: Digest, adopted: Adoption) -> tuple[bytes, str]:
    """The exposition and its content type."""
    import prometheus_client as prometheus  # noqa: PLC0415 - metrics.py decides when it may be imported

    registry = prometheus.CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*_plain(shown, adopted), *_by_target(shown)]))
    return prometheus.generate_latest(registry), prometheus.CONTENT_TYPE_LATEST


def _plain(shown: Digest, adopted: Adoption) -> "Iterator[Metric]":
    yield _gauge("week_timestamp_seconds", "Begin of the week of these figures (UTC).", _moment(shown.changes.week))
    yield _gauge("developers", "Developers of the week, at least.", shown.developers)
    waiting = sum(it.reports for it in adopted.waiting)
    yield _gauge("waiting_reports", "Reports that wait for others of the same target, at least.", waiting)
    if adopted.since:
        text = "Begin of the last day on or after which enough developers sent a report (UTC)."
        yield _gauge("last_report_timestamp_seconds", text, _moment(adopted.since))


def _by_target(shown: Digest) -> "Iterator[Metric]":
    """An empty target is a rest."""
    for name, text, value in _OF_TARGETS:
        targets = shown.targets[:MAX_TARGETS]
        yield _gauge(name, text, samples=[(it.project, it.target, value(it)) for it in targets])
    for name, text, some, changed in _OF_CHANGES:
        yield _gauge(name, text, samples=[(it.project, it.target, changed(it)) for it in some(shown)[:MAX_TARGETS]])


def _gauge(
    name: str, text: str, value: float | None = None, samples: Sequence[tuple[str, str, float | None]] = ()
) -> "Metric":
    """One value, or a sample for each project and target that has one."""
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see above

    if value is not None:
        return GaugeMetricFamily(f"devtel_team_{name}", text, value=value)
    family = GaugeMetricFamily(f"devtel_team_{name}", text, labels=_LABELS)
    for project, target, one in samples:
        if one is not None:
            family.add_metric([project, target], one)
    return family


def _moment(day: date) -> float:
    return datetime.combine(day, time.min, UTC).timestamp()

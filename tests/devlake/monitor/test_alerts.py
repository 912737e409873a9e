"""The alert rules of examples/operate, loaded and evaluated by Prometheus' own promtool."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from devtelemetry_cli.devlake.monitor import metrics
from devtelemetry_cli.devlake.monitor.monitor import Monitor
from tests.helpers.devlake_operator import NOW, client
from tests.helpers.fake_devlake_server import FakeServer
from tests.helpers.promtool import NEEDED, alerts_of, evaluate, promtool

RULES = Path(__file__).parents[3] / "examples/operate/devlake-alerts.yml"
pytestmark = NEEDED
HOUR, DAY = 12, 288  # in steps of five minutes, the interval of a monitor
WATCHED = {"devlake_up": "1x2000", "devlake_last_check_timestamp_seconds": "0+300x2000"}
ON = {**WATCHED, "devlake_blueprint_enabled": "1x2000"}
WELL = {**ON, "devlake_blueprint_data_age_seconds": "60x2000"}
FAILING, TOTAL, AGE = (
    "devlake_blueprint_failing",
    "devlake_blueprint_failure_total",
    "devlake_blueprint_data_age_seconds",
)

# what happens, the series in which it shows, the step at which to look, the alerts that fire then
CASES = [
    ("all is well", WELL, 5 * DAY, {}),
    (
        "it fails, and goes on failing",
        {**WELL, FAILING: "0x4 1x40", TOTAL: "3x4 4x40"},
        HOUR,
        {"DevLakeCollectionFailing", "DevLakeCollectionFailed"},
    ),
    (
        "it failed two clock ago, and goes on failing",
        {**WELL, FAILING: "0x4 1x40", TOTAL: "3x4 4x40"},
        3 * HOUR,
        {"DevLakeCollectionFailing"},
    ),
    (
        "it failed and recovered between two looks",
        {**WELL, FAILING: "0x40", TOTAL: "0x4 1x40"},
        HOUR,
        {"DevLakeCollectionFailed"},
    ),
    (
        "it had failed before the first look",
        {**WELL, FAILING: "1x40", TOTAL: "1x40"},
        HOUR,
        {"DevLakeCollectionFailing"},
    ),
    ("the data is two days old", {**ON, AGE: "0+300x2000"}, 2 * DAY, {}),
    ("the data is older than two days", {**ON, AGE: "0+300x2000"}, 2 * DAY + 1, {"DevLakeDataOld"}),
    (
        "the data is old, and the blueprint is switched off",
        {**WATCHED, "devlake_blueprint_enabled": "0x2000", AGE: "0+300x2000"},
        5 * DAY,
        {},
    ),
    ("there was never a complete run, for a day", ON, DAY, {}),
    ("there was never a complete run, for two days", ON, 2 * DAY, {"DevLakeNeverCollected"}),
    ("DevLake has been away for ten minutes", {**WATCHED, "devlake_up": "0x2000"}, 2, {}),
    ("DevLake has been away for a quarter of an hour", {**WATCHED, "devlake_up": "0x2000"}, 3, {"DevLakeUnwatched"}),
    ("the monitor is gone", {"devlake_up": "1x4 stale"}, HOUR, {"DevLakeUnwatched"}),
    ("the monitor hangs", {**WATCHED, "devlake_last_check_timestamp_seconds": "0x2000"}, 10, {"DevLakeUnwatched"}),
]


def test_prometheus_loads_the_rules() -> None:
    promtool("check", "rules", "--lint-fatal", str(RULES))


@pytest.mark.parametrize(("_case", "series", "step", "firing"), CASES, ids=[case[0] for case in CASES])
def test_an_alert_comes_when_it_should_and_no_other(
    _case: str, series: dict[str, str], step: int, firing: set[str]
) -> None:
    expected: dict[str, tuple[dict[str, str], str]] = {}
    alerts = alerts_of(RULES)
    for alert in firing:
        labels = {} if alert == "DevLakeUnwatched" else {"project_name": "shop"}
        expected[alert] = (labels, alerts[alert].replace("{{ $labels.project_name }}", "shop"))
    assert len(alerts) == 5
    evaluate(RULES, {_series(name): values for name, values in series.items()}, 5 * step, expected)


def _series(name: str) -> str:
    """As the monitor names it, which the test below holds to be so."""
    return f'{name}{{project_name="shop"}}' if name.startswith("devlake_blueprint_") else name


@pytest.mark.parametrize("label_time_failed", [False, True])
def test_prometheus_accepts_the_metrics(devlake: FakeServer, tmp_path: Path, label_time_failed: bool) -> None:
    lake = devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number)
    lake.pipeline(number, "TASK_FAILED")
    monitor = Monitor(client(devlake), tmp_path / "state", lambda _line: None)
    monitor.run_check(NOW)
    registry = CollectorRegistry()
    registry.register(metrics.Metrics(lambda: monitor.snapshot, lambda: NOW, label_time_failed))
    scrape = generate_latest(registry).decode()
    promtool("check", "metrics", given=scrape)
    used = {_series(name) for _, series, _, _ in CASES for name in series}
    assert label_time_failed or not [name for name in used if f"\n{name} " not in scrape]

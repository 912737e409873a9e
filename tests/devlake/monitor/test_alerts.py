"""The alert rules of docs/devlake.md, loaded and evaluated by Prometheus' own promtool."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from devtelemetry_cli.devlake.monitor import metrics
from devtelemetry_cli.devlake.monitor.monitor import Monitor
from tests.helpers.devlake_operator import NOW, client
from tests.helpers.fake_devlake_server import FakeServer

PAGE = Path(__file__).parents[3] / "docs" / "devlake.md"
MISSING = shutil.which("promtool") is None
pytestmark = pytest.mark.skipif(MISSING, reason="promtool is missing: install Debian's package prometheus")
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


def _promtool(*words: str, given: str = "") -> None:
    done = subprocess.run(["promtool", *words], input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The rules of the page as a file."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "rules.yml").write_text(block)
    return tmp_path / "rules.yml"


def _alerts(rules: Path) -> dict[str, str]:
    """The summary of each alert, by its name."""
    return dict(re.findall(r'- alert: (\w+)\n(?:.*\n)*?.*summary: "(.*)"', rules.read_text()))


def test_prometheus_loads_the_rules(rules: Path) -> None:
    _promtool("check", "rules", "--lint-fatal", str(rules))


@pytest.mark.parametrize(("_case", "series", "step", "firing"), CASES, ids=[case[0] for case in CASES])
def test_an_alert_comes_when_it_should_and_no_other(
    rules: Path, tmp_path: Path, _case: str, series: dict[str, str], step: int, firing: set[str]
) -> None:
    expected = []
    for alert, summary in _alerts(rules).items():
        of_all = alert == "DevLakeUnwatched"
        labels = {} if of_all else {"project_name": "shop"}
        shown = {"summary": summary.replace("{{ $labels.project_name }}", "shop")}
        alerts = [{"exp_labels": labels, "exp_annotations": shown}] if alert in firing else []
        expected.append({"eval_time": f"{5 * step}m", "alertname": alert, "exp_alerts": alerts})
    named = {_series(name): values for name, values in series.items()}
    test = {
        "interval": "5m",
        "input_series": [{"series": name, "values": values} for name, values in named.items()],
        "alert_rule_test": expected,
    }
    (tmp_path / "test.yml").write_text(
        json.dumps({"rule_files": [str(rules)], "evaluation_interval": "5m", "tests": [test]})
    )
    assert len(expected) == 5
    _promtool("test", "rules", str(tmp_path / "test.yml"))


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
    _promtool("check", "metrics", given=scrape)
    used = {_series(name) for _, series, _, _ in CASES for name in series}
    assert label_time_failed or not [name for name in used if f"\n{name} " not in scrape]

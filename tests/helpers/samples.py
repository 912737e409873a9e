"""Values that many tests start from; each test names only what it is about."""

from pathlib import Path
from typing import Any

from devtelemetry_cli.client import destination, settings
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.model.metrics import DailyMetrics, Environment
from devtelemetry_cli.model.records import End, Start

DAY = "2026-11-22"
NOON = 1_795_348_800.0  # 2026-11-22 12:00 UTC
GRANT = "0badcafe"
ANONYMOUS = "6a1f0f4e-2f1c-4b7e-9d55-0c2a4f6e8b01"
HOST = "0123abcd"
ENVIRONMENT = Environment(os="linux", architecture="x86_64", cores=8, memory_gib=32, make="4.3", devtel="0.1.0")
URL = "https://devlake.example.com/api/rest/plugins/developer_telemetry/connections/1/report"
DESTINATION = destination.parse(URL)
TERMS = Terms(DESTINATION, settings.PROJECT, "Example Ltd", "faster builds", "dx@example.com")


def start(run: str = "1", **changes: Any) -> Start:
    """A run's start at noon UTC."""
    values = {"run": run, "time": NOON, "offset": 0, "pid": 7, "grant": GRANT, "target": "build", **changes}
    return Start(**values)


def end(run: str = "1", **changes: Any) -> End:
    """A successful run's end, ten seconds after noon UTC."""
    values = {"run": run, "time": NOON + 10, "offset": 0, "duration": 10.0, "exit": 0, **changes}
    if values.get("signal") is not None:
        values["exit"] = None
    return End(**values)


def no_process_runs(_start: Start) -> bool:
    """No process is left."""
    return False


def full_day() -> DailyMetrics:
    """A day in which every field of a report holds something."""
    metrics = DailyMetrics(DAY, revision=6, hours={9, 10}, git_seen=True)
    target = metrics.target("shop", "test")
    target.runs, target.failures, target.interrupted, target.lost = 4, 1, 1, 1
    target.waited_seconds, target.duration_total, target.duration_max = 9.5, 8.25, 6.125
    target.durations, target.exit_codes = {4: 1, 10: 1}, {"0": 1, "2": 1, "SIGINT": 1}
    target.checkouts = {("default", "0"): (2, 1), ("other", "8-30"): (1, 0)}
    return metrics


def tree(folder: Path) -> list[str]:
    """Every file below a folder, by its path from there."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir())

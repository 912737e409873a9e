"""Alert rules, loaded and evaluated by Prometheus' own promtool."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

NEEDED = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: install Debian's package prometheus"
)


def promtool(*words: str, given: str = "") -> None:
    """Run it; it must find nothing wrong."""
    done = subprocess.run(["promtool", *words], input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts_of(rules: Path) -> dict[str, str]:
    """The summary of each alert, by its name."""
    found = re.findall(r"- alert: (\w+)\n(?:.*\n)*?.*summary: (\".*\")\}", rules.read_text())
    return {name: json.loads(summary) for name, summary in found}


def evaluate(
    rules: Path, series: Mapping[str, str], minutes: int, firing: Mapping[str, tuple[Mapping[str, str], str]]
) -> None:
    """Assert that after so many minutes these alerts fire, and no others: name -> labels and summary."""
    expected = []
    for alert in alerts_of(rules):
        labels, summary = firing.get(alert, ({}, ""))
        alerts = [{"exp_labels": labels, "exp_annotations": {"summary": summary}}] if alert in firing else []
        expected.append({"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": alerts})
    test = {
        "interval": "5m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": expected,
    }
    with NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"rule_files": [str(rules)], "evaluation_interval": "5m", "tests": [test]}, file)
        file.flush()
        promtool("test", "rules", file.name)

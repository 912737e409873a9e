"""What was not agreed to does not leave, whatever a newer devtel knows to tell."""

import json

import pytest

from devtelemetry_cli.model.metrics import DailyMetrics, Environment
from devtelemetry_cli.report import fields
from devtelemetry_cli.report.encode import encode
from devtelemetry_cli.report.fields import FIELDS, Field, paths

NEWER = {"metrics.environment.cores", "metrics.targets[].exit_codes", "metrics.targets[].checkouts[].age_days"}


@pytest.fixture
def metrics() -> DailyMetrics:
    """A day with one target that has every field."""
    day = DailyMetrics("2026-02-12", revision=2)
    target = day.target("shop", "test")
    target.runs, target.exit_codes = 1, {"0": 1}
    target.add_checkout(("default", "0"), 1, 0)
    return day


def test_fields_that_came_after_the_agreed_notice_are_left_out(
    metrics: DailyMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = tuple(Field(f.path, f.meaning, since=2 if f.path in NEWER else 1) for f in FIELDS)
    monkeypatch.setattr(fields, "FIELDS", later)
    full = paths(json.loads(encode(metrics, "a", "h", Environment(), notice=2)))
    agreed = paths(json.loads(encode(metrics, "a", "h", Environment(), notice=1)))
    assert full - agreed == NEWER
    assert agreed <= full


def test_with_the_present_notice_nothing_is_left_out(metrics: DailyMetrics) -> None:
    assert paths(json.loads(encode(metrics, "a", "h", Environment()))) == {field.path for field in FIELDS}

"""A received body's own part -> values: what `encode` wrote is read back by the same names."""

from collections.abc import Mapping
from typing import Any

from devtelemetry_cli.model import histogram
from devtelemetry_cli.model.metrics import AGES, BRANCHES, Environment, Extension, TargetMetrics
from devtelemetry_cli.report.encode import MAX_TARGETS

MAX_NAME = 255  # the plugin's VARCHAR columns


class ReportError(ValueError):
    """A part of a report does not have the form that this package spells; the text names the field."""


def read_extension(metrics: Mapping[str, Any]) -> Extension:
    """devtel's part of a report's `metrics`; absent parts are empty. Raises ReportError that names the field."""
    revision = metrics.get("revision")
    targets = [read_target(t) for t in _list("targets", metrics.get("targets") or [], MAX_TARGETS + 1)]
    if len({(t.project, t.target) for t in targets}) != len(targets):
        raise ReportError("targets: the same project and target stand there twice")
    return Extension(
        schema=_count("schema", metrics.get("schema", 0)),
        revision=None if revision is None else _count("revision", revision),
        environment=read_environment(metrics.get("environment") or {}),
        targets=targets,
    )


def read_target(value: object) -> TargetMetrics:
    """Read one object of `metrics.targets`; raises ReportError."""
    wire = _object("target", value)
    target = TargetMetrics(_name("project", wire.get("project", "")), _name("target", wire.get("target")))
    for count in ("runs", "failures", "interrupted", "lost"):
        setattr(target, count, _count(count, wire.get(count, 0)))
    for seconds in ("waited_seconds", "duration_total", "duration_max"):
        setattr(target, seconds, _seconds(seconds, wire.get(seconds, 0)))
    durations = _object("durations", wire.get("durations", {}))
    target.durations = {_bucket(index): _count("durations", n) for index, n in durations.items()}
    codes = _object("exit_codes", wire.get("exit_codes", {}))
    target.exit_codes = {_name("exit_codes", code): _count("exit_codes", n) for code, n in codes.items()}
    for entry in _list("checkouts", wire.get("checkouts", []), len(BRANCHES) * len(AGES)):
        _read_checkout(target, _object("checkouts", entry))
    return target


def read_environment(value: object) -> Environment:
    """Read `metrics.environment`; raises ReportError."""
    wire = _object("environment", value)
    return Environment(
        os=_name("os", wire.get("os", "")),
        architecture=_name("architecture", wire.get("architecture", "")),
        cores=_count("cores", wire.get("cores", 0)),
        memory_gib=_count("memory_gib", wire.get("memory_gib", 0)),
        make=_name("make", wire.get("make", "")),
        devtel=_name("devtel", wire.get("devtel", "")),
    )


def _read_checkout(target: TargetMetrics, wire: Mapping[str, Any]) -> None:
    branch, age = wire.get("branch"), wire.get("age_days")
    if branch not in BRANCHES or age not in AGES:
        raise ReportError("checkouts: unknown branch or age_days")
    target.add_checkout(
        (branch, age),
        _count("checkouts.runs", wire.get("runs", 0)),
        _count("checkouts.failures", wire.get("failures", 0)),
    )


def _object(where: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ReportError(f"{where}: an object is expected")
    return value


def _list(where: str, value: object, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise ReportError(f"{where}: a list is expected")
    if len(value) > most:
        raise ReportError(f"{where}: more than {most} entries")
    return value


def _name(where: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME or "\0" in value:
        raise ReportError(f"{where}: a string of at most {MAX_NAME} characters is expected")
    return value


def _count(where: str, value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:  # a bool is none
        raise ReportError(f"{where}: a count is expected")
    return value


def _seconds(where: str, value: object) -> float:
    if not (type(value) is float or type(value) is int) or not 0 <= value < 1e12:  # a bool is none
        raise ReportError(f"{where}: a number of seconds is expected")
    return float(value)


def _bucket(index: str) -> int:
    try:
        number = int(index)
    except ValueError:
        raise ReportError("durations: a bucket's index is expected") from None
    if not histogram.LOWEST <= number <= histogram.HIGHEST:
        raise ReportError("durations: a bucket's index is out of range")
    return number

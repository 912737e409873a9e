"""Every field that leaves the machine. A field that is not listed here cannot be sent: a test compares."""

from dataclasses import dataclass
from typing import Any

NOTICE_VERSION = 2


@dataclass(frozen=True)
class Field:
    """One field that leaves the machine: its path on the wire and, in plain language, what it holds."""

    path: str
    meaning: str
    since: int = 1  # the version of the notice that lists it first


FIELDS = (
    Field("date", "the local day the report is about"),
    Field("developer", "your random anonymous ID and this machine's random key; no name, no account"),
    Field("email", "always empty"),
    Field("name", "always empty"),
    Field("hostname", "this machine's random key, not its name"),
    Field("metrics.active_hours", "in how many hours of the day a run started or ended"),
    Field("metrics.tools_used", "make, and git where the runs stood in a git repository"),
    Field("metrics.commands", "how often each target ran, by the target's name"),
    Field("metrics.projects", "the project names that the repositories' .devtel.toml give"),
    Field("metrics.development_activity.test_runs_detected", "runs of targets named test, tests or check"),
    Field("metrics.development_activity.build_commands_detected", "runs of targets named build or compile"),
    Field("metrics.schema", "the version of this report's form"),
    Field("metrics.revision", "how many records of the day the report was made from"),
    Field("metrics.environment.os", "the operating system's kind, such as linux"),
    Field("metrics.environment.architecture", "the processor's kind, such as x86_64"),
    Field("metrics.environment.cores", "the number of processor cores"),
    Field("metrics.environment.memory_gib", "the memory, rounded to a power of two of GiB"),
    Field("metrics.environment.make", "make's version"),
    Field("metrics.environment.devtel", "devtel's version"),
    Field("metrics.targets[].project", "the project's name, or empty"),
    Field(
        "metrics.targets[].target",
        "the target's name as typed, or the names of up to three in one call; unusual ones are sent as (other)",
    ),
    Field("metrics.targets[].runs", "how often the target ran"),
    Field("metrics.targets[].failures", "how many of the runs failed"),
    Field("metrics.targets[].interrupted", "how many you interrupted"),
    Field("metrics.targets[].lost", "how many were killed before they could end"),
    Field("metrics.targets[].waited_seconds", "how long you waited for it, runs inside other runs left out"),
    Field("metrics.targets[].duration_total", "the seconds of all completed runs together"),
    Field("metrics.targets[].duration_max", "the seconds of the longest completed run"),
    Field("metrics.targets[].durations", "how many completed runs took about how long"),
    Field("metrics.targets[].exit_codes", "how often each exit code or signal ended a run"),
    Field(
        "metrics.targets[].checkouts[].branch",
        "whether the runs stood on the default branch, another or none",
    ),
    Field("metrics.targets[].checkouts[].age_days", "how old the checked-out commit was, in classes of days"),
    Field("metrics.targets[].checkouts[].runs", "how many runs stood there"),
    Field("metrics.targets[].checkouts[].failures", "how many of them failed"),
)


def newer_than(notice: int) -> frozenset[str]:
    """The paths of the fields that a notice of this version did not list yet."""
    return frozenset(entry.path for entry in FIELDS if entry.since > notice)


def without(value: Any, left_out: frozenset[str], prefix: str = "") -> Any:  # noqa: ANN401  JSON, as json has it
    """`value` without the fields at the paths `left_out`: what was not agreed to does not leave."""
    if isinstance(value, list):
        return [without(item, left_out, f"{prefix}[]") for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: f"{prefix}.{key}" if prefix else key for key in value}
    return {key: without(value[key], left_out, path) for key, path in kept.items() if path not in left_out}


def paths(value: object, prefix: str = "") -> set[str]:
    """Every field path in a report, written as FIELDS writes them; an object keyed by names is one field."""
    named = {entry.path for entry in FIELDS}
    if prefix in named or not isinstance(value, dict | list):
        return {prefix}
    if isinstance(value, list):
        return set().union(*(paths(item, f"{prefix}[]") for item in value)) if value else set()
    return set().union(*(paths(item, f"{prefix}.{key}" if prefix else key) for key, item in value.items()))

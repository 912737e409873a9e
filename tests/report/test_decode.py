"""What a receiver takes of our part of a report: each wrong kind is refused by its field's name."""

from typing import Any

import pytest

from devtelemetry_cli.model.metrics import Environment, TargetMetrics
from devtelemetry_cli.report.decode import ReportError, read_environment, read_extension, read_target


def target(**changes: Any) -> dict[str, Any]:
    return {"project": "shop", "target": "test", "runs": 1, **changes}


def test_an_absent_part_is_empty() -> None:
    extension = read_extension({})
    assert (extension.schema, extension.revision, extension.targets) == (0, None, [])
    assert extension.environment == Environment()


def test_a_target_needs_only_its_name() -> None:
    assert read_target({"target": "a"}) == TargetMetrics("", "a")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"project": 1}, "project"),
        ({"project": "x" * 256}, "project"),
        ({"project": "a\0b"}, "project"),
        ({"target": None}, "target"),
        ({"target": ["a"]}, "target"),
        *(({name: wrong}, name) for name in ("runs", "failures", "interrupted", "lost") for wrong in (-1, 1.5, "1")),
        ({"runs": True}, "runs"),
        ({"runs": None}, "runs"),
        ({"runs": 2**63}, "runs"),
        *(
            ({name: wrong}, name)
            for name in ("waited_seconds", "duration_total", "duration_max")
            for wrong in (-0.1, 1e12, float("nan"), float("inf"), "1", True, None)
        ),
        ({"durations": []}, "durations"),
        ({"durations": {"a": 1}}, "durations"),
        ({"durations": {"80": 1}}, "durations"),
        ({"durations": {"-41": 1}}, "durations"),
        ({"durations": {"9" * 5000: 1}}, "durations"),
        ({"durations": {"1": -1}}, "durations"),
        ({"exit_codes": "0"}, "exit_codes"),
        ({"exit_codes": {"0": "1"}}, "exit_codes"),
        ({"exit_codes": {"x" * 256: 1}}, "exit_codes"),
        ({"checkouts": {}}, "checkouts"),
        ({"checkouts": ["x"]}, "checkouts"),
        ({"checkouts": [{"branch": "main", "age_days": "0"}]}, "checkouts"),
        ({"checkouts": [{"branch": ["default"], "age_days": "0"}]}, "checkouts"),
        ({"checkouts": [{"branch": "default", "age_days": 0}]}, "checkouts"),
        ({"checkouts": [{"branch": "default", "age_days": "0", "runs": -1}]}, "checkouts.runs"),
        ({"checkouts": [{"branch": "default", "age_days": "0", "failures": "1"}]}, "checkouts.failures"),
        ({"checkouts": [{}] * 25}, "checkouts"),
    ],
    ids=str,
)
def test_a_wrong_kind_in_a_target_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ReportError, match=f"^{named}: "):
        read_target(target(**changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"os": 1}, "os"),
        ({"architecture": None}, "architecture"),
        ({"cores": "8"}, "cores"),
        ({"cores": -1}, "cores"),
        ({"memory_gib": 1.5}, "memory_gib"),
        ({"make": ["4.3"]}, "make"),
        ({"devtel": "x" * 256}, "devtel"),
    ],
    ids=str,
)
def test_a_wrong_kind_in_the_environment_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ReportError, match=f"^{named}: "):
        read_environment(changes)


@pytest.mark.parametrize(
    ("metrics", "named"),
    [
        ({"schema": "1"}, "schema"),
        ({"schema": None}, "schema"),
        ({"revision": -1}, "revision"),
        ({"revision": True}, "revision"),
        ({"environment": "linux"}, "environment"),
        ({"targets": {"a": 1}}, "targets"),
        ({"targets": [7]}, "target"),
        ({"targets": [target(), target()]}, "targets"),
        ({"targets": [target(target=f"t{number}") for number in range(202)]}, "targets"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_kind_in_our_part_is_refused_by_name(metrics: dict[str, Any], named: str) -> None:
    with pytest.raises(ReportError, match=f"^{named}: "):
        read_extension(metrics)


def test_two_hundred_targets_and_the_others_are_taken() -> None:
    targets = [target(target=f"t{number}") for number in range(201)]
    assert len(read_extension({"targets": targets}).targets) == 201


def test_one_target_name_may_stand_in_two_projects() -> None:
    targets = [target(project="a"), target(project="b")]
    assert len(read_extension({"targets": targets}).targets) == 2


def test_unknown_fields_are_passed_over() -> None:
    assert read_target(target(later="x")).runs == 1
    assert read_environment({"later": 1}) == Environment()


def test_checkouts_of_one_place_are_added() -> None:
    place = {"branch": "default", "age_days": "1-7", "runs": 2, "failures": 1}
    assert read_target(target(checkouts=[place, place])).checkouts == {("default", "1-7"): (4, 2)}

"""Journals and the exact bytes that they become, and the schema that every report follows."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from devtelemetry_cli import aggregate
from devtelemetry_cli.client.journal import reader
from devtelemetry_cli.model import histogram
from devtelemetry_cli.model.target_names import OTHER, is_plain
from devtelemetry_cli.report.encode import encode
from devtelemetry_cli.report.fields import FIELDS
from tests.helpers.samples import ANONYMOUS, DAY, ENVIRONMENT, GRANT, HOST, full_day, no_process_runs

CONTRACT = Path(__file__).parents[2] / "contract"
JOURNALS = sorted((CONTRACT / "golden").glob("*.jsonl"))
SCHEMA: dict[str, Any] = json.loads((CONTRACT / "report.schema.json").read_text())
FOLLOWS = Draft202012Validator(SCHEMA)


def told(journal: Path) -> bytes:
    day = aggregate.day(DAY, reader.records(journal, reader.Tally()), GRANT, no_process_runs)
    return encode(day.metrics, ANONYMOUS, HOST, ENVIRONMENT)


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda journal: journal.stem)
def test_a_journal_becomes_just_these_bytes(journal: Path) -> None:
    assert told(journal) == journal.with_suffix(".json").read_bytes(), (
        "the bytes of a report changed: an endpoint would see days change that did not; if that is meant, pin them anew"
    )


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda journal: journal.stem)
def test_every_golden_report_follows_the_schema(journal: Path) -> None:
    FOLLOWS.validate(json.loads(journal.with_suffix(".json").read_bytes()))


def test_there_are_golden_reports() -> None:
    assert len(JOURNALS) >= 5
    assert {journal.stem for journal in JOURNALS} == {file.stem for file in (CONTRACT / "golden").glob("*.json")}


def full_report() -> Any:
    return json.loads(encode(full_day(), ANONYMOUS, HOST, ENVIRONMENT))


def test_a_full_report_follows_the_schema_and_the_schema_its_own() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    FOLLOWS.validate(full_report())


def test_the_schema_has_just_the_fields_of_the_notice() -> None:
    assert set(named(SCHEMA, "")) == {field.path for field in FIELDS}


def named(schema: dict[str, Any], prefix: str) -> Iterator[str]:
    """The field paths of a schema, written as FIELDS writes them."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from named(inner, f"{prefix}.{name}" if prefix else name)
    elif "properties" in described(schema.get("items", {})):
        yield from named(schema["items"], f"{prefix}[]")
    else:
        yield prefix


def described(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a report whose keys are fields."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item)
    elif isinstance(value, dict):
        yield value
        for name, inner in value.items():
            if name not in ("commands", "durations", "exit_codes"):
                yield from objects(inner)


def test_no_field_may_be_missing_or_added_anywhere() -> None:
    report = full_report()
    for place, original in [(place, dict(place)) for place in objects(report)]:
        for name in original:
            del place[name]
            assert not FOLLOWS.is_valid(report), name
            place.update(original)
        place["hidden"] = 1
        assert not FOLLOWS.is_valid(report)
        del place["hidden"]
    FOLLOWS.validate(report)


@pytest.mark.parametrize(
    "wrong", [None, True, -1, "x y", {"a b": 1}, {"make a b": 1}, [None], [[]], {"make a": -1}], ids=str
)
def test_no_field_may_hold_another_kind(wrong: object) -> None:
    report = full_report()
    for place in objects(report):
        for name, value in list(place.items()):
            if isinstance(value, str) and wrong == "x y" and name in ("os", "architecture", "make", "devtel"):
                continue
            place[name] = copy.deepcopy(wrong)
            assert not FOLLOWS.is_valid(report), f"{name} = {wrong}"
            place[name] = value
    FOLLOWS.validate(report)


def test_the_schema_knows_each_bucket_and_no_other() -> None:
    pattern = SCHEMA["$defs"]["targetMetrics"]["properties"]["durations"]["propertyNames"]["pattern"]
    known = {index for index in range(-200, 200) if re.search(pattern, str(index))}
    assert known == set(range(histogram.LOWEST, histogram.HIGHEST + 1))


@pytest.mark.parametrize("name", ["a", "dev.up", "/etc", "a/b", "x" * 64, "x" * 65, "ü", "a b", "", "-k", "%"])
def test_the_schema_takes_the_names_that_are_plain(name: str) -> None:
    report = full_report()
    report["metrics"]["targets"][0]["target"] = name
    assert FOLLOWS.is_valid(report) is is_plain(name)
    report["metrics"]["targets"][0]["target"] = OTHER
    assert FOLLOWS.is_valid(report)

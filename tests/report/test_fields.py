"""Nothing leaves that the notice does not list."""

import json
from pathlib import Path

import pytest

from devtelemetry_cli.report.encode import encode
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION, paths
from tests.helpers.samples import ANONYMOUS, ENVIRONMENT, HOST, full_day

CONTRACT = Path(__file__).parents[2] / "contract"


def test_a_full_report_holds_just_the_fields_of_the_notice() -> None:
    report = json.loads(encode(full_day(), ANONYMOUS, HOST, ENVIRONMENT))
    assert paths(report) == {field.path for field in FIELDS}


def test_the_notice_is_the_one_pinned_under_its_version() -> None:
    pinned = json.loads((CONTRACT / f"notice-{NOTICE_VERSION}.json").read_text())
    assert [[field.path, field.meaning] for field in FIELDS] == pinned, (
        "a field changed, so raise NOTICE_VERSION and pin a new notice: contract/notice-VERSION.json"
    )


def test_every_field_stands_in_the_notice_once() -> None:
    assert len({field.path for field in FIELDS}) == len(FIELDS)
    assert all(field.meaning for field in FIELDS)


@pytest.mark.parametrize(
    ("report", "found"),
    [
        ({"date": 1, "hidden": {"deeper": 2}}, {"date", "hidden.deeper"}),
        ({"metrics": {"targets": [{"runs": 1}, {"spy": 1}]}}, {"metrics.targets[].runs", "metrics.targets[].spy"}),
        ({"metrics": {"commands": {"make a": 1}}}, {"metrics.commands"}),
        ({"metrics": {"spies": {"make a": 1}}}, {"metrics.spies.make a"}),
        ({"metrics": {"targets": []}}, set()),
    ],
)
def test_paths_finds_a_field_wherever_it_hides(report: object, found: set[str]) -> None:
    assert paths(report) == found

"""The decoder's rules that the contract cases leave open."""

import json
from datetime import date
from typing import Any

import pytest

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.ingest.decode import Report, read_report

TODAY = date(2026, 3, 10)


def read(metrics: Any = None, **changes: Any) -> Report:
    wire = {"date": "2026-03-09", "developer": "d-1", "metrics": metrics} | changes
    return read_report(json.dumps(wire).encode(), TODAY)


@pytest.mark.parametrize(("sent", "hours"), [(0, 0), (24, 24), (24.9, 24), (3.9, 3), (-0.5, 0), (1e1, 10), (None, 0)])
def test_hours_are_cut_to_whole_ones(sent: float, hours: int) -> None:
    assert read({"active_hours": sent}).active_hours == hours


@pytest.mark.parametrize("sent", [25, -1, "3", True, [], {}, 1e300, 10**30])
def test_hours_that_no_day_has_are_refused(sent: object) -> None:
    with pytest.raises(ReportError, match="active_hours"):
        read({"active_hours": sent})


def test_lists_are_kept_as_the_json_that_go_writes() -> None:
    report = read({"tools_used": ["git", "ü", None], "projects": [], "commands": {"z": 2.9, "a": None}})
    assert (report.tools_used, report.projects, report.commands) == ('["git","ü",""]', "[]", '{"a":0,"z":2}')


def test_an_omitted_list_is_kept_as_the_text_null() -> None:
    report = read({"tools_used": None})
    assert (report.tools_used, report.projects, report.commands) == ("null", "null", "null")


def test_the_exact_key_wins_over_one_in_another_case() -> None:
    assert read({"ACTIVE_HOURS": 1, "active_hours": 2, "Active_Hours": 3}).active_hours == 2


@pytest.mark.parametrize("day", ["2026-03-09", "2026-03-11", "1999-01-01", "2024-02-29"])
def test_a_day_up_to_tomorrow_is_taken(day: str) -> None:
    assert read(date=day).date.isoformat() == day


@pytest.mark.parametrize(
    "day", ["2026-03-12", "2025-02-29", "20260309", "2026-W10-1", " 2026-03-09", "2026-03-09\n", "٢٠٢٦-٠٣-٠٩", 7, None]
)
def test_what_is_no_day_or_a_future_one_is_refused(day: object) -> None:
    with pytest.raises(ReportError, match="date"):
        read(date=day)


@pytest.mark.parametrize("field", ["developer", "email", "name", "hostname"])
def test_a_name_fills_a_column_and_no_more(field: str) -> None:
    assert getattr(read(**{field: "ü" * 255}), field) == "ü" * 255
    with pytest.raises(ReportError, match=field):
        read(**{field: "ü" * 256})


@pytest.mark.parametrize("developer", ["", ".host", "."])
def test_a_developer_without_a_person_is_refused(developer: str) -> None:
    with pytest.raises(ReportError, match="developer"):
        read(developer=developer)


def test_a_text_that_grew_beyond_its_column_is_refused() -> None:
    with pytest.raises(ReportError, match="commands"):
        read({"commands": {f"c{number}": 1e18 for number in range(3000)}})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"7",
        b'"x"',
        b"null",
        b"\xef\xbb\xbf{}",
        b'{"developer":"\xff"}',
        b'{"metrics":{"active_hours":NaN}}',
        b'{"metrics":{"active_hours":-Infinity}}',
        b'{"a":' + b"1" * 5000 + b"}",
        b'{"a":' * 20_000,
        b"[" * 65_000,
        b'{"developer":"a\\u0000b"}',
        b'{"developer":"a\\ud800b"}',
        b'{"metrics":{"targets":[{"target":"a\\udfff"}]}}',
        b'{"a\\u0000":1}',
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
def test_what_is_no_storable_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ReportError, match="the body"):
        read_report(body, TODAY)


def test_escapes_of_ordinary_characters_are_read() -> None:
    assert read(name="\U0001f600 \\u0000").name == "\U0001f600 \\u0000"


def test_our_own_part_is_refused_where_it_is_wrong() -> None:
    with pytest.raises(ReportError, match="targets"):
        read({"schema": 1, "targets": "x"})


def test_another_senders_field_of_our_name_is_ignored() -> None:
    assert read({"targets": "x", "environment": 3}).extension.targets == []

"""Events: noted by the administrator alone, by API or form; shown with the weeks before and after."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.helpers.plain_http import NO_CERTIFICATES
from tests.helpers.report_server import ReportServer, bearer, start_server, token_file

EVENTS = "/devtel/v1/events"
VIEW, ADMIN = "the-viewers-own-token", "the-admins-own-token"
ELSEWHERE = {"Host": "devtel.example.com"}
SAME = {"Origin": "https://devtel.example.com"}
FOREIGN = {"Origin": "https://evil.example"}
EVENT = {"date": "2026-11-03", "text": "cache moved to S3", "project": ""}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    home = tmp_path_factory.mktemp("events")
    tokens = ("--view-token-file", token_file(home, VIEW), "--admin-token-file", token_file(home, ADMIN))
    with start_server(home, *tokens) as server:
        yield server


@pytest.fixture(autouse=True)
def no_events(served: ReportServer) -> None:
    served.store.change("DELETE FROM devtel_events")


@contextmanager
def sign_in(served: ReportServer, token: str) -> Iterator[httpx.Client]:
    """A browser elsewhere, signed in."""
    with httpx.Client(
        base_url=served.client.base_url, headers=ELSEWHERE, timeout=30, verify=NO_CERTIFICATES
    ) as browser:
        assert browser.post("/login", data={"token": token}).status_code == 303
        yield browser


def texts(served: ReportServer, **query: str) -> list[str]:
    return [row["text"] for row in served.client.get(EVENTS, params=query).raise_for_status().json()["rows"]]


def test_an_event_is_noted_listed_and_deleted(served: ReportServer) -> None:
    made = served.client.post(EVENTS, json=EVENT)
    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], **EVENT}
    assert served.client.get(EVENTS).json() == {"count": 1, "rows": [made.json()]}
    assert served.client.delete(f"{EVENTS}/{made.json()['id']}").json() == made.json()
    assert served.client.delete(f"{EVENTS}/{made.json()['id']}").status_code == 404
    assert texts(served) == []


def test_events_are_filtered_by_day_and_by_project(served: ReportServer) -> None:
    for day, project in (("2026-11-01", "shop"), ("2026-11-02", "search"), ("2026-11-03", "")):
        body = {"date": day, "text": f"{day} {project}", "project": project}
        assert served.client.post(EVENTS, json=body).status_code == 201
    assert texts(served, project="shop") == ["2026-11-01 shop", "2026-11-03"]
    assert texts(served, **{"from": "2026-11-02", "to": "2026-11-02"}) == ["2026-11-02 search"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": "yesterday"},
        {"date": "2026-02-30"},
        {"date": "1066-01-01"},
        {"date": "9999-12-31"},
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 201},
        {"text": "\u202etxet"},
        {"text": 7},
        {"project": "x" * 300},
        {"project": "a\x1bb"},
    ],
)
def test_a_wrong_event_is_refused_by_api_and_form(served: ReportServer, wrong: dict[str, Any]) -> None:
    answer = served.client.post(EVENTS, json=EVENT | wrong)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    if not isinstance(wrong.get("text"), int):
        answer = served.client.post("/events", data=EVENT | wrong)
        assert answer.status_code == 400
        assert "Not done" in answer.text
    assert texts(served) == []


def test_by_api_from_elsewhere_only_the_admin_token_may_change_events(served: ReportServer) -> None:
    for headers, status in ((ELSEWHERE, 401), (ELSEWHERE | bearer(VIEW), 403), (ELSEWHERE | bearer(ADMIN), 201)):
        assert served.client.post(EVENTS, json=EVENT, headers=headers).status_code == status
    assert served.client.get(EVENTS, headers=ELSEWHERE | bearer(VIEW)).json()["count"] == 1
    assert served.client.delete(f"{EVENTS}/1", headers=ELSEWHERE | bearer(VIEW)).status_code == 403
    with sign_in(served, ADMIN) as browser:  # a session is for pages alone
        assert browser.post(EVENTS, json=EVENT).status_code == 401


def test_no_page_of_another_site_changes_events(served: ReportServer) -> None:
    assert served.client.post(EVENTS, json=EVENT, headers=FOREIGN).status_code in (401, 403)
    assert served.client.post(EVENTS, data=EVENT).status_code == 415
    other_port = {"Origin": "http://127.0.0.1:1"}
    for headers in (FOREIGN, other_port, {"Origin": "null"}):
        answer = served.client.post("/events", data=EVENT, headers=headers)
        assert answer.status_code in (401, 403), headers
    with sign_in(served, ADMIN) as browser:
        assert browser.post("/events", data=EVENT, headers=FOREIGN).status_code == 403
        assert browser.post("/events/delete", data={"id": "1"}, headers=FOREIGN).status_code == 403
    assert texts(served) == []


def test_the_form_is_for_an_administrators_session(served: ReportServer) -> None:
    with sign_in(served, VIEW) as viewer, sign_in(served, ADMIN) as admin:
        assert '<form class="filters" method="post"' not in viewer.get("/events").raise_for_status().text
        assert viewer.post("/events", data=EVENT, headers=SAME).status_code == 403
        assert '<form class="filters" method="post"' in admin.get("/events").raise_for_status().text
        answer = admin.post("/events", data=EVENT, headers=SAME)
        assert (answer.status_code, answer.headers["location"]) == (303, "/events")
        (number,) = re.findall(r'name="id" value="(\d+)"', admin.get("/events").text)
        assert EVENT["text"] in viewer.get("/events").text
        assert viewer.post("/events/delete", data={"id": number}, headers=SAME).status_code == 403
        assert admin.post("/events/delete", data={"id": number}, headers=SAME).status_code == 303
        assert admin.post("/events/delete", data={"id": number}, headers=SAME).status_code == 404
        assert admin.post("/events/delete", data={"id": "x"}, headers=SAME).status_code == 400
    assert texts(served) == []


def test_without_a_session_the_form_asks_to_sign_in(served: ReportServer) -> None:
    assert served.client.post("/events", data=EVENT, headers=ELSEWHERE | SAME).status_code == 401
    assert served.client.get("/events", headers=ELSEWHERE).status_code == 401


def test_the_text_of_an_event_stays_text(served: ReportServer) -> None:
    assert served.client.post(EVENTS, json=EVENT | {"text": "<script>alert(1)</script>"}).status_code == 201
    text = served.client.get("/events").text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_number_of_events_is_limited(served: ReportServer) -> None:
    served.store.change(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " INSERT INTO devtel_events (date, project, text, created_at)"
        " SELECT '2026-01-01', '', 'e', '2026-01-01 00:00:00' FROM n"
    )
    answer = served.client.post(EVENTS, json=EVENT)
    assert (answer.status_code, "delete some first" in answer.text) == (400, True)

"""The team's pages over HTTP: contents, access, and invalid requests."""

import csv
import io
import json
import random
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.db.database import open_database
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.sessions import COOKIE, SECONDS
from tests.helpers.plain_http import NO_CERTIFICATES
from tests.helpers.report_server import ReportServer, bearer, revised, start_server, token_file, wait_for
from tests.helpers.team_factory import Runs, Team, developers_in
from tests.helpers.wire import through_relay

BASE = 4
ODD = "<script>alert(1)</script>&\"'"
THIS_WEEK = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday())
MONDAY = THIS_WEEK - timedelta(weeks=2)
ELSEWHERE = {"Host": "devtel.example.com"}
METRICS = "/devtel/v1/team-metrics"
VIEW = "the-viewers-own-token"
# Reports that come one by one are shown as soon as they are three, and the others wait. Here all are shown at once.
NOBODY_YET = ("--min-developers", 100)


@pytest.fixture(scope="module")
def durations() -> list[list[float]]:
    """Every developer's, in seconds."""
    chance = random.Random(6)  # noqa: S311 - lengths of builds
    return [[chance.lognormvariate(3, 0.8) for _ in range(60)] for _ in range(5)]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, durations: list[list[float]]) -> Iterator[ReportServer]:
    """A server with reports of five developers."""
    home = tmp_path_factory.mktemp("pages")
    with start_server(home, *NOBODY_YET) as server:
        report_all(server, durations)
    with start_server(home, "--view-token-file", token_file(home, VIEW), "--hourly-cost", 80) as server:
        wait_for(lambda: len(rows(server)) == 4)
        yield server


def report_all(server: ReportServer, durations: list[list[float]]) -> None:
    """Report all runs."""
    connection = server.connect()
    for developer, own in enumerate(durations):
        for week in (0, 1):
            targets = (target("shop", "test", own[week::2]), target(ODD, f"=1+1{ODD}", own[week : week + 2]))
            tell(server, connection, developer, week, targets)


def tell(server: ReportServer, connection: str, developer: int, week: int, targets: tuple[dict[str, Any], ...]) -> None:
    """Report a developer's Tuesday."""
    day = (MONDAY + timedelta(weeks=week, days=1)).isoformat()
    name = f"{developer:032x}.host"
    answer = server.report(connection, date=day, developer=name, metrics=revised(1, targets=targets))
    assert answer.status_code == 200, answer.text


def target(project: str, name: str, durations: list[float]) -> dict[str, Any]:
    """The totals of these runs on the wire."""
    counts: dict[str, int] = {}
    for seconds in durations:
        counts[str(bucket(seconds))] = counts.get(str(bucket(seconds)), 0) + 1
    total = sum(durations)
    made = {"project": project, "target": name, "runs": len(durations), "failures": len(durations) // 4}
    return made | {
        "waited_seconds": total,
        "duration_total": total,
        "duration_max": max(durations),
        "durations": counts,
    }


def rows(server: ReportServer, **wanted: str) -> list[dict[str, Any]]:
    """The cells as JSON."""
    answer = server.client.get(METRICS, params=wanted).raise_for_status().json()
    assert answer["minDevelopers"] == 3
    assert answer["count"] == len(answer["rows"])
    found: list[dict[str, Any]] = answer["rows"]
    return found


def page(server: ReportServer, path: str, status: int = 200, **options: Any) -> str:
    """The text of a page."""
    answer = server.client.get(path, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return re.sub(r"\s+", " ", unescape(answer.text))


def test_the_overview_shows_targets_by_the_time_that_was_waited(team: ReportServer) -> None:
    text = page(team, "/")
    assert "Where does our tooling cost us time?" in text
    assert text.index(">test</a></th>") < text.index(f">=1+1{ODD}</a></th>")
    assert "<dd>320</dd>" in text  # 5 x 60 of `test`, 5 x 4 of the other
    assert "at least, in the fullest week" in text


def test_the_comparison_does_not_depend_on_the_chosen_dates(team: ReportServer) -> None:
    last = MONDAY + timedelta(weeks=1)
    for query in ("", f"?from={MONDAY}&to={MONDAY}", f"?from={last}&to={last}"):
        text = page(team, f"/{query}")
        assert f"The week of {last.day} {last.strftime('%B')} against the 4 weeks before" in text
        assert "Only 1 of the earlier weeks has figures." in text
        assert "Compared: 1 target with at least 20 completed runs and 3 developers on each side." in text


def test_the_time_waited_is_shown_as_money_at_the_given_cost(team: ReportServer) -> None:
    waited = sum(row["waited_seconds"] for row in rows(team))
    assert f"<small>{waited / 3600 * 80:,.0f} at 80 an hour</small>" in page(team, "/")


def test_changes_name_the_weeks_that_are_compared(team: ReportServer) -> None:
    second = MONDAY + timedelta(weeks=1)
    text = page(team, f"/?from={second}&to={second}")
    assert f"Changes: the week of {second.day} {second.strftime('%B')} against the one before." in text
    assert re.search(r'<small class="change">[+-]?\d+ %</small>', text) or '<small class="change">±0 %' in text
    assert "No change is shown: the 11 weeks before have no figures, or not from their beginning." in page(team, "/")
    assert "No change is shown: the week before has no figures." in page(team, f"/?from={MONDAY}&to={MONDAY}")
    today = f"/?from={datetime.now(UTC).date()}"
    assert "Nothing to show yet" in page(team, today)  # the running week has no report


def test_a_period_is_one_click_away_and_keeps_the_filter(team: ReportServer) -> None:
    for path in ("/?project=shop&sort=runs", "/target?project=shop&target=test"):
        text = page(team, path)
        links = dict(map(reversed, re.findall(r'<a href="([^"]*)"(?: aria-current="true")?>([^<]*)</a>', text)))
        assert {"last week", "4 weeks", "12 weeks", "26 weeks", "52 weeks"} <= links.keys()
        shorter = page(team, links["last week"])
        assert f'value="{THIS_WEEK - timedelta(weeks=1)}"' in shorter
        assert "shop" in links["4 weeks"]
        assert 'aria-current="true">12 weeks' in text


@pytest.mark.parametrize("part", ["1", "2", "0", "-1", "x", "9" * 40, "\u0663"])
def test_any_part_of_the_table_can_be_asked_for(team: ReportServer, part: str) -> None:
    assert ">test</a></th>" in page(team, f"/?{urlencode({'part': part})}")


def test_a_target_has_a_page_of_its_own(team: ReportServer) -> None:
    text = page(team, "/target?project=shop&target=test")
    assert "<h1><bdi>test</bdi> <span" in text
    for heading in ("Runs by duration", "Duration each week", "How the runs ended", "Default branch against others"):
        assert f">{heading}</h2>" in text


def test_every_chart_has_a_name_and_its_table(team: ReportServer) -> None:
    for path in ("/", "/target?project=shop&target=test"):
        text = page(team, path)
        names = re.findall(r'<svg [^>]*role="img" aria-label="([^"]*)"', text)
        assert names
        assert names == [name.removeprefix("Table: ") for name in re.findall(r"<summary>(.*?)</summary>", text)]


def test_a_filter_is_in_the_address_and_in_every_link(team: ReportServer) -> None:
    first = (MONDAY + timedelta(days=3)).isoformat()
    text = page(team, f"/?project=shop&from={first}&to={first}&sort=runs")
    assert "<option selected>shop</option>" in text
    assert f'value="{MONDAY}"' in text
    assert "=1+1" not in text
    whole_week = urlencode({"project": "shop", "from": MONDAY, "to": MONDAY + timedelta(days=6), "sort": "runs"})
    assert f"/target?{whole_week}&target=test" in text
    assert "<dd>150</dd>" in text


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_percentiles_are_those_of_the_raw_runs_within_their_error(
    team: ReportServer, durations: list[list[float]], share: float
) -> None:
    for week in (0, 1):
        exact = sorted(seconds for own in durations for seconds in own[week::2])
        wanted = exact[-(-len(exact) * int(share * 10) // 10) - 1]
        monday = (MONDAY + timedelta(weeks=week)).isoformat()
        (row,) = rows(team, project="shop", **{"from": monday, "to": monday})
        assert row[f"p{share * 100:.0f}_seconds"] == pytest.approx(wanted, rel=0.0906)


def test_json_and_csv_have_the_same_cells(team: ReportServer) -> None:
    text = team.client.get(f"{METRICS}.csv", params={"project": "shop"}).raise_for_status().text
    read = list(csv.DictReader(io.StringIO(text)))
    assert [(row["week"], row["target"], row["runs"], row["developers"]) for row in read] == [
        (row["week"], row["target"], str(row["runs"]), str(row["developers"])) for row in rows(team, project="shop")
    ]


def test_developers_are_counted_in_multiples_of_k(team: ReportServer) -> None:
    assert {row["developers"] for row in rows(team)} == {3}  # there are five


def test_markup_in_names_stays_text_everywhere(team: ReportServer) -> None:
    query = urlencode({"project": ODD, "target": f"=1+1{ODD}"})
    for path in ("/", f"/target?{query}", f"/?{urlencode({'project': ODD})}"):
        raw = team.client.get(path).raise_for_status().text
        assert "<script" not in raw
        assert "&lt;script&gt;alert(1)" in raw
    assert f"'=1+1{ODD}" in {
        row["target"] for row in csv.DictReader(io.StringIO(team.client.get(f"{METRICS}.csv").text))
    }


def test_a_page_takes_nothing_from_elsewhere_and_runs_no_script(team: ReportServer) -> None:
    for path in ("/", "/target?project=shop&target=test", "/target?target=none", "/?from=x"):
        answer = team.client.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        links = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
        assert links
        assert all(re.match(r"/(?!/)|#|data:,$", link) for link in links), links
        assert not re.findall(r' style="| on[a-z]+="', answer.text)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/target?project=shop&target=none", 404, "Unknown target"),
        ("/target?project=shop&target=", 404, "Unknown target"),
        ("/target", 404, "Unknown target"),
        (f"/target?{urlencode({'target': 'x' * 5000})}", 404, "Unknown target"),
        ("/?project=none", 404, "Unknown project"),
        ("/?from=2026-05-01&to=2026-04-01", 400, "the first day is after the last"),
        ("/?from=yesterday", 400, "YYYY-MM-DD"),
        ("/?from=2026-02-30", 400, "YYYY-MM-DD"),
        ("/?from=1066-01-01", 400, "days from 2000-01-01"),
        ("/?to=9999-12-31", 400, "days from 2000-01-01"),
        ("/?project=%00", 400, "Invalid name"),
        ("/target?target=%00", 400, "Invalid name"),
    ],
)
def test_an_invalid_address_is_answered_by_a_page_with_the_reason(
    team: ReportServer, path: str, status: int, says: str
) -> None:
    text = page(team, path, status)
    assert says.lower() in text.lower()


@pytest.mark.parametrize("query", ["from=2026-05-01&to=2026-04-01", "from=x", "to=9999-12-31", "from=1066-01-01"])
@pytest.mark.parametrize("kind", ["", ".csv"])
def test_an_invalid_query_is_400_in_the_envelope(team: ReportServer, query: str, kind: str) -> None:
    answer = team.client.get(f"{METRICS}{kind}?{query}")
    assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_an_unknown_sorting_is_the_usual_one(team: ReportServer) -> None:
    assert page(team, "/?sort=nonsense") == page(team, "/")


def test_from_elsewhere_a_page_asks_for_the_token(team: ReportServer) -> None:
    assert "These pages need a view token." in page(team, "/", 401, headers=ELSEWHERE)
    assert 'action="/login"' in page(team, "/target?target=x", 401, headers=ELSEWHERE)
    assert team.client.get(METRICS, headers=ELSEWHERE).status_code == 401
    assert team.client.get(f"{METRICS}.csv", headers=ELSEWHERE).status_code == 401


def test_a_wrong_token_is_refused(team: ReportServer) -> None:
    assert "not valid" in page(team, "/", 403, headers=ELSEWHERE | bearer("wrong"))
    answer = team.client.post("/login", data={"token": "wrong"}, headers=ELSEWHERE)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert team.client.post("/login", content=b"\xff", headers=ELSEWHERE).status_code == 403
    assert team.client.get(METRICS, headers=ELSEWHERE | bearer("wrong")).status_code == 403


def test_the_token_opens_pages_and_data(team: ReportServer) -> None:
    assert "Targets" in page(team, "/", headers=ELSEWHERE | bearer(VIEW))
    assert team.client.get(METRICS, headers=ELSEWHERE | bearer(VIEW)).json()["count"]


def test_a_browser_signs_in_once_and_out_again(team: ReportServer) -> None:
    with httpx.Client(base_url=team.client.base_url, headers=ELSEWHERE, verify=NO_CERTIFICATES) as browser:
        answer = browser.post("/login", data={"token": f" {VIEW} "})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=lax", f"Max-Age={SECONDS}"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert VIEW not in cookie
        assert "Sign out" in page(replace(team, client=browser), "/")
        assert browser.get(METRICS).status_code == 200
        assert browser.get("/devtel/v1/daily-metrics").status_code == 403  # single developers' rows
        browser.post("/logout")
        assert browser.get("/").status_code == 401


def test_login_leads_to_the_requested_page(team: ReportServer) -> None:
    with httpx.Client(base_url=team.client.base_url, headers=ELSEWHERE, verify=NO_CERTIFICATES) as browser:
        form = page(replace(team, client=browser), f"/target?{urlencode({'project': ODD, 'target': 'x'})}", 401)
        wanted = unescape(re.findall(r'name="wanted" value="(.*?)">', browser.get("/?sort=runs").text)[0])
        assert wanted == "/?sort=runs"
        assert "<script" not in form
        answer = browser.post("/login", data={"token": VIEW, "wanted": wanted})
        assert answer.headers["location"] == "/?sort=runs"


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("https://evil.example/target?target=x", "/target?target=x"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("///evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://[", "/"),
        ("/logout", "/"),
        ("/?a=1\r\nSet-Cookie: x=1", "/?a=1Set-Cookie:%20x=1"),
    ],
)
def test_login_leads_to_no_other_server(team: ReportServer, wanted: str, location: str) -> None:
    with httpx.Client(base_url=team.client.base_url, headers=ELSEWHERE, verify=NO_CERTIFICATES) as browser:
        answer = browser.post("/login", data={"token": VIEW, "wanted": wanted})
        assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_a_foreign_form_ends_no_session(team: ReportServer) -> None:
    answer = team.client.post("/logout", headers=ELSEWHERE)  # a browser sends no cookie along with it
    assert "set-cookie" not in answer.headers


def test_data_is_not_kept_by_anybody_between(team: ReportServer) -> None:
    for kind in ("", ".csv"):
        headers = team.client.get(f"{METRICS}{kind}").headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_the_head_of_a_page_can_be_asked_for(team: ReportServer) -> None:
    for path in ("/", "/target?project=shop&target=test", "/style.css"):
        answer = team.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_while_the_database_is_unavailable_a_page_says_so(tmp_path: Path, url: str) -> None:
    with through_relay(url) as (address, wire), start_server(tmp_path, database=address) as server:
        assert server.client.get("/").status_code == 200
        wire.cut()
        for path in ("/", "/target?target=x"):
            answer = server.client.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"].startswith("text/html")
            assert int(answer.headers["retry-after"]) > 0
            assert "The database is busy or unavailable." in answer.text
        assert server.client.get(METRICS).status_code == 503
        wire.mend()
        assert server.client.get("/").status_code == 200


def test_odd_numbers_and_names_are_shown_as_far_as_they_make_sense(tmp_path: Path) -> None:
    names = ["x" * 255, "\u202eevil", "e\u0301" * 100, " ", "\u05d0\u05d1", "(other)"]
    odd = [
        {"project": "", "target": "interrupted", "runs": 3, "interrupted": 3, "waited_seconds": 1.0},
        {"project": "", "target": "nothing", "runs": 0},
        {"project": "", "target": "huge", "runs": 30_000, "failures": 30_000, "durations": {"79": 30_000}},
        {"project": "", "target": "impossible", "runs": 30, "failures": 99, "durations": {"3": 30}},
        {"project": "", "target": "", "runs": 1},
        *({"project": name, "target": name, "runs": 1, "failures": 1} for name in names),
    ]
    with start_server(tmp_path, *NOBODY_YET) as server:
        connection = server.connect()
        for developer in range(3):
            for week in (0, 1):
                tell(server, connection, developer, week, tuple(odd))
    with start_server(tmp_path) as server:
        wait_for(lambda: sum(bool(row["target"]) for row in rows(server)) == 2 * (len(odd) - 2))
        assert "(no project)" in page(server, "/")
        for one in odd:
            place = urlencode({name: one[name] for name in ("project", "target")})
            seen = one["target"] and one["runs"]
            text = page(server, f"/target?{place}", 200 if seen else 404)
            assert "Traceback" not in text
        assert "no runs" not in page(server, "/target?target=impossible")
        assert "100 %" in page(server, "/target?target=impossible")
        assert page(server, "/?from=2000-01-01").count("so far") <= 2
        assert "unexpected error" not in server.log.read_text()


def test_behind_tls_the_cookie_is_sent_over_tls_only(team: ReportServer) -> None:
    answer = team.client.post("/login", data={"token": VIEW}, headers=ELSEWHERE | {"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"].split("; ")
    team.client.cookies.clear()


def test_a_proxy_that_is_not_trusted_cannot_say_that_a_browser_uses_tls(tmp_path: Path) -> None:
    options = ("--trusted-proxies", "10.0.0.7", "--view-token-file", token_file(tmp_path, VIEW))
    with start_server(tmp_path, *options) as server:
        answer = server.client.post("/login", data={"token": VIEW}, headers=ELSEWHERE | {"X-Forwarded-Proto": "https"})
        assert "Secure" not in answer.headers["set-cookie"].split("; ")


def test_each_login_has_a_session_of_its_own_that_a_logout_ends_for_every_process(tmp_path: Path, url: str) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    options = ("--view-token-file", token_file(tmp_path, VIEW))
    with (
        start_server(homes[0], *options, database=url) as one,
        start_server(homes[1], *options, database=url) as two,
    ):
        answers = [server.client.post("/login", data={"token": VIEW}, headers=ELSEWHERE) for server in (one, one)]
        first, second = (answer.headers["set-cookie"].partition(";")[0] for answer in answers)
        assert first != second

        def statuses(cookie: str) -> list[int]:
            headers = ELSEWHERE | {"Cookie": cookie}
            return [httpx.get(f"{server.client.base_url}", headers=headers).status_code for server in (one, two)]

        assert statuses(first) == statuses(second) == [200, 200]
        httpx.post(f"{two.client.base_url}/logout", headers=ELSEWHERE | {"Cookie": first})
        assert statuses(first) == [401, 401]
        assert statuses(second) == [200, 200]
        stored = str(one.store.select("SELECT * FROM devtel_sessions"))
        assert second.partition("=")[2] not in stored


def test_failed_logins_are_throttled_per_client(tmp_path: Path) -> None:
    with start_server(tmp_path, "--view-token-file", token_file(tmp_path, VIEW)) as server:

        def login(token: str, client: str) -> httpx.Response:
            headers = ELSEWHERE | {"X-Forwarded-For": f"203.0.113.99, {client}"}
            return server.client.post("/login", data={"token": token}, headers=headers)

        assert [login("wrong", "192.0.2.1").status_code for _ in range(10)] == [403] * 10
        refused = login(VIEW, "192.0.2.1")
        assert (refused.status_code, "set-cookie" in refused.headers) == (429, False)
        assert 0 < int(refused.headers["retry-after"]) <= 6
        assert login(VIEW, "192.0.2.2").status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "9999999999.", "9999999999.aa", "nan.aa", ".", "9999999999." + "0" * 64])
def test_a_cookie_that_is_not_ours_opens_nothing(team: ReportServer, cookie: str) -> None:
    headers = ELSEWHERE | {"Cookie": f"{COOKIE}={cookie}"}
    assert team.client.get("/", headers=headers).status_code == 401
    assert team.client.get(METRICS, headers=headers).status_code == 401


def test_a_session_expires_and_the_page_says_so(team: ReportServer) -> None:
    answer = team.client.post("/login", data={"token": VIEW}, headers=ELSEWHERE)
    headers = ELSEWHERE | {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    team.client.cookies.clear()
    assert "Sign out" in page(team, "/", headers=headers)
    team.store.change("UPDATE devtel_sessions SET ends_at = :past", past="2026-01-01 00:00:00.000000")
    assert "Your session has ended." in page(team, "/", 401, headers=headers)


def test_without_a_view_token_there_is_no_way_in_from_elsewhere(server: ReportServer) -> None:
    assert "own machine only" in page(server, "/", 403, headers=ELSEWHERE)
    assert server.client.post("/login", data={"token": ""}, headers=ELSEWHERE).status_code == 403


def test_before_the_first_report_the_page_shows_the_next_step(tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        assert "devtel serve --add-connection" in page(server, "/")
        path = server.connect()
        text = page(server, "/")
        assert f"devtel init --report-url {str(server.client.base_url).rstrip('/')}{path}/report" in text
        assert "devtel consent grant" in text
        assert "only the server's own machine can report:" in text
        assert rows(server) == []


def test_before_the_first_report_the_page_names_what_other_machines_need(tmp_path: Path) -> None:
    with start_server(tmp_path, "--public-url", "https://devtel.example.com") as server:
        server.connect(token="a-connections-own-token")
        assert "own machine can report" not in page(server, "/")
        server.connect()
        assert "only the server's own machine can report to some:" in page(server, "/")


def test_the_navigation_marks_the_page(team: ReportServer) -> None:
    for path, name in (("/", "Overview"), ("/machines", "Machines"), ("/events", "Events"), ("/adoption", "Adoption")):
        assert re.findall('aria-current="page">([A-Z][a-z]+)', page(team, path)) == [name]


def test_with_fewer_than_k_developers_the_page_shows_only_what_is_missing(tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        connection = server.connect()
        tell(server, connection, 0, 1, (target("secret-project", "t", [1.0]),))
        wait_for(lambda: "none of at least 3 developers" in page(server, "/"))
        assert "secret-project" not in page(server, "/")
        for developer in (1, 2):
            tell(server, connection, developer, 1, (target("secret-project", "t", [1.0]),))
        wait_for(lambda: "secret-project" in page(server, "/"))


def test_pages_are_the_same_on_every_database(tmp_path: Path, url: str, durations: list[list[float]]) -> None:
    with start_server(tmp_path, *NOBODY_YET, database=url) as server:
        report_all(server, durations)
    with start_server(tmp_path, database=url) as server:
        wait_for(lambda: len(rows(server)) == 4)
        assert "<dd>320" in page(server, "/")
        assert "Duration each week" in page(server, "/target?project=shop&target=test")


def test_no_two_answers_can_be_subtracted_to_find_fewer_than_k(tmp_path: Path) -> None:
    reported = [
        *(Runs(i, day=0, target="test") for i in range(4)),
        *(Runs(i, day=7, target="test") for i in range(1, 4)),
        *(Runs(i, day=7, target="test", project="search") for i in range(4)),
        *(Runs(i, day=0, target="build") for i in range(3)),
        *(Runs(i, day=0, target="rare") for i in range(2)),
        Runs(4, day=7, target="alone", project="alone"),
    ]
    url = f"sqlite:///{tmp_path}/reports.db"
    with closing(open_database(url)) as opened:
        everybody = Team(opened)
        for developer, day in dict.fromkeys((one.developer, one.day) for one in reported):
            # Each row is a digit of its own in whatever is added up and subtracted.
            wire = [
                {"project": one.project, "target": one.target, "runs": BASE**digit}
                for digit, one in enumerate(reported)
                if (one.developer, one.day) == (developer, day)
            ]
            body = {
                "date": (MONDAY + timedelta(days=day + 1)).isoformat(),
                "developer": f"{developer:032x}.host",
                "metrics": revised(1, targets=tuple(wire)),
            }
            everybody.store(read_report(json.dumps(body).encode(), THIS_WEEK))
    with start_server(tmp_path, database=url) as server:
        wait_for(lambda: len(rows(server)) == 4)
        answers = {0, *(_all_runs(server, **wanted) for wanted in _filters())}
    assert len(answers) > 8
    for one, other in combinations(answers, 2):
        assert len({reported[digit].developer for digit in developers_in(one - other, BASE)}) >= 3


def _filters() -> Iterator[dict[str, str]]:
    days = [(MONDAY + timedelta(days=day)).isoformat() for day in (0, 3, 6, 7, 13)]
    for project in ({}, {"project": "shop"}, {"project": "search"}, {"project": "alone"}, {"project": ""}):
        for name in ({}, {"target": "test"}, {"target": "rare"}, {"target": ""}):
            yield {**project, **name}
            for first, last in combinations(days, 2):
                yield {**project, **name, "from": first, "to": last}


def _all_runs(server: ReportServer, **wanted: str) -> int:
    if server.client.get(METRICS, params=wanted).status_code == 404:
        return 0  # no published row names this project
    return sum(int(row["runs"]) for row in rows(server, **wanted))


def test_the_api_page_loads_only_files_of_this_server(team: ReportServer) -> None:
    text = page(team, "/docs")
    assert re.findall(r'(?:href|src)="([^"]*)"', text) == [
        "/docs/swagger-ui.css",
        "data:,",
        "/docs/swagger-ui-bundle.js",
    ]
    assert len(team.client.get("/docs/swagger-ui-bundle.js").content) > 500_000
    assert team.client.get("/docs/swagger-ui.css").headers["content-type"].startswith("text/css")
    assert team.client.get("/docs/__init__.py").status_code == 404
    assert "/devtel/v1/team-metrics" in team.client.get("/openapi.json").json()["paths"]

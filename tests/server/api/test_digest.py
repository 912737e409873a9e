"""A week in short: as JSON, as Prometheus metrics, and by the command `devtel digest`."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.db.database import open_database
from devtelemetry_cli.server.ingest.decode import read_report
from devtelemetry_cli.server.team.publishing import publish
from tests.helpers import preloaded
from tests.helpers.developer import DEVTEL
from tests.helpers.report_server import TODAY, ReportServer, bearer, environment, revised, start_server, token_file
from tests.helpers.team_factory import Team

DIGEST, METRICS = "/devtel/v1/digest", "/metrics/team"
VIEW = "the-viewers-own-token"
ELSEWHERE = {"Host": "devtel.example.com"}
LAST = TODAY - timedelta(days=TODAY.weekday() + 7)  # the Monday of the last whole week
ODD = 'a "name"\\of'
# target -> seconds before and in the last week, failures of ten runs before and in the last week
HABITS = {
    "slow": (10.0, 20.0, 1, 1),
    "fast": (20.0, 10.0, 1, 1),
    "fragile": (5.0, 5.0, 0, 5),
    "robust": (5.0, 5.0, 5, 0),
    ODD: (1.0, 1.0, 0, 0),
}


def target(name: str, seconds: float, failures: int) -> dict[str, Any]:
    """Ten runs of one length."""
    plain = {"project": "shop", "target": name, "runs": 10, "failures": failures, "waited_seconds": 10 * seconds}
    return plain | {"duration_total": 10 * seconds, "durations": {str(bucket(seconds)): 10}}


def report_week(team: Team, weeks_before: int) -> None:
    """Four developers' Tuesday of a week; one of them has a target of its own."""
    for developer in range(4):
        now = weeks_before == 0
        targets = [target(name, habit[now], habit[2 + now]) for name, habit in HABITS.items()]
        if developer == 0:
            targets.append(target("alone", 900.0, 0))
        wire = {
            "date": (LAST + timedelta(days=1) - timedelta(weeks=weeks_before)).isoformat(),
            "developer": f"{developer:032x}.host",
            "metrics": revised(1, targets=tuple(targets)),
        }
        team.store(read_report(json.dumps(wire).encode(), TODAY))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    """A server with five weeks of reports, the last different from the four before, and an event in it."""
    home = tmp_path_factory.mktemp("digest")
    url = f"sqlite:///{home}/reports.db"
    with closing(open_database(url)) as opened:
        team = Team(opened)
        for weeks_before in range(5):
            report_week(team, weeks_before)
        publish(opened, 3, TODAY, everything=True, stopped=lambda: False)
    with start_server(home, "--view-token-file", token_file(home, VIEW), database=url) as server:
        event = {"date": LAST.isoformat(), "text": "cache moved", "project": "shop"}
        assert server.client.post("/devtel/v1/events", json=event).status_code == 201
        yield server


def read(server: ReportServer, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = server.client.get(DIGEST, params=query).raise_for_status().json()
    return answer


def names(changes: list[dict[str, Any]]) -> list[str]:
    return [one["target"] for one in changes]


def test_the_digest_of_the_last_week_names_what_changed(served: ReportServer) -> None:
    found = read(served)
    assert (found["week"], found["until"], found["weeksBefore"]) == (str(LAST), str(LAST + timedelta(days=6)), 4)
    changed = {name: names(found[name]) for name in ("slower", "faster", "fragile", "robust")}
    assert changed == {"slower": ["slow"], "faster": ["fast"], "fragile": ["fragile"], "robust": ["robust"]}
    assert found["developers"] == 3  # there are four
    assert names(found["targets"])[:2] == ["slow", "fast"]
    assert "alone" not in names(found["targets"])
    assert (found["totals"]["runs"], found["waitedSecondsBefore"]) == (200, 4 * 10 * 41.0)
    assert [event["text"] for event in found["events"]] == ["cache moved"]


def test_an_earlier_week_has_its_own_digest(served: ReportServer) -> None:
    found = read(served, week=str(LAST - timedelta(days=1)))
    assert (found["week"], found["weeksBefore"]) == (str(LAST - timedelta(weeks=1)), 3)
    assert found["changed"] == {"slower": 0, "faster": 0, "fragile": 0, "robust": 0}
    assert found["events"] == []
    assert read(served, week="2020-01-01")["hasFigures"] is False


@pytest.mark.parametrize(
    ("query", "status"),
    [({"week": str(TODAY)}, 400), ({"week": "x"}, 400), ({"week": "1066-01-01"}, 400), ({"project": "none"}, 404)],
)
def test_an_invalid_question_is_refused_in_the_envelope(
    served: ReportServer, query: dict[str, str], status: int
) -> None:
    answer = served.client.get(DIGEST, params=query)
    assert (answer.status_code, answer.json()["success"]) == (status, False)


def test_the_overview_shows_what_became_better_too(served: ReportServer) -> None:
    text = " ".join(served.client.get("/").raise_for_status().text.split())
    better = text[text.index("<h3>Better</h3>") : text.index('<h2 id="targets">')]
    assert ">fast</a>" in better
    assert re.search(r"\(4\d to 5\d % shorter\)", better)
    assert ">robust</a>" in better
    assert re.search(r"\(38 to 58 percentage points fewer\)", better)


@pytest.mark.parametrize("path", [DIGEST, METRICS])
def test_from_elsewhere_the_view_token_is_required(served: ReportServer, path: str) -> None:
    assert served.client.get(path, headers=ELSEWHERE).status_code == 401
    assert served.client.get(path, headers=ELSEWHERE | bearer("wrong")).status_code == 403
    assert served.client.get(path, headers=ELSEWHERE | bearer(VIEW)).status_code == 200


def test_the_metrics_are_those_of_the_last_whole_week(served: ReportServer) -> None:
    text = served.client.get(METRICS).raise_for_status().text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    values = {(one.name, one.labels.get("target")): one.value for one in samples}
    assert values["devtel_team_target_runs", "slow"] == 40
    assert values["devtel_team_target_p50_seconds", ODD] == pytest.approx(1.0, rel=0.1)
    assert values["devtel_team_slower_ratio", "slow"] == 2
    assert values["devtel_team_faster_ratio", "fast"] == 0.5
    assert values["devtel_team_more_fragile_points", "fragile"] == 50
    assert values["devtel_team_more_robust_points", "robust"] == 50
    assert values["devtel_team_developers", None] == 3
    assert "alone" not in text
    assert date.fromtimestamp(values["devtel_team_week_timestamp_seconds", None] + 86400) >= LAST  # noqa: DTZ012
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def run(served: ReportServer, home: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`devtel digest` of this server, as cron starts it."""
    environ = environment(home) | {"DEVTEL_PUBLIC_URL": str(served.client.base_url), **environ}
    return preloaded.run([DEVTEL, "digest", *words], environ, cwd=home)


def test_the_command_prints_the_week(served: ReportServer, tmp_path: Path) -> None:
    done = run(served, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "Slower: shop slow: p50 ",
        "More fragile: shop fragile: 50 % failed",
        "Faster: shop fast",
        "cache moved",
    ):
        assert words in done.stdout
    assert len(done.stdout.splitlines()) <= 15
    as_json = json.loads(run(served, tmp_path, "--json", "--project", "shop").stdout)
    assert as_json == read(served, project="shop")
    quiet = run(served, tmp_path, "--only-changes", "--week", str(LAST - timedelta(weeks=1)))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "environ", "code"),
    [
        ((), {"DEVTEL_PUBLIC_URL": ""}, 78),
        (("--url", "ftp://x"), {}, 78),
        (("--url", "http://127.0.0.1:9"), {}, 69),
        (("--token-file", "missing"), {}, 78),
        ((), {"DEVTEL_VIEW_TOKEN": "two words"}, 78),
        (("--week", str(TODAY)), {}, 1),
        (("--week", "x"), {}, 2),
    ],
)
def test_every_failure_is_one_sentence_and_its_exit_code(
    served: ReportServer, tmp_path: Path, words: tuple[str, ...], environ: dict[str, str], code: int
) -> None:
    done = run(served, tmp_path, *words, **environ)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("devtel: ") or code == 2
    assert len(done.stderr.splitlines()) == 1 or code == 2

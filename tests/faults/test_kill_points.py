"""wrap, flush and every decision, killed at every system call that changes something: nothing lost or counted twice."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from devtelemetry_cli.client import settings
from devtelemetry_cli.client.consent import decisions
from tests.helpers.developer import DEVTEL, Developer, processes_of, wait_for
from tests.helpers.file_damage import DAY_BEFORE, TODAY, YESTERDAY
from tests.helpers.held_build import build, sent_runs, write_makefile
from tests.helpers.kill_points import Point, kill_at, points
from tests.helpers.report_endpoint import Endpoint, listening

FLUSH, WRAP = (DEVTEL, "flush"), (DEVTEL, "wrap", "work")
GRANT, DECLINE, FORGET = ((DEVTEL, "consent", decision) for decision in ("grant", "decline", "forget"))
FEW = 1  # points of each command in the fast tests
PERIOD = [pytest.param(FEW, id="few"), pytest.param(None, id="all", marks=[pytest.mark.slow, pytest.mark.timeout(300)])]


@dataclass
class Bench:
    """Makes copies of one prepared workplace, and kills a command in each at another point."""

    folder: Path
    endpoint: Endpoint

    def __post_init__(self) -> None:
        self.template = Developer(self.folder / "template")
        self.template.project_file(self.endpoint.url)
        write_makefile(self.template)
        self.copies = 0

    def copy(self) -> Developer:
        """The workplace as it was prepared; the endpoint has forgotten everything."""
        self.endpoint.requests.clear()
        self.copies += 1
        copy = Developer(self.folder / f"copy{self.copies}")
        shutil.copytree(self.template.folder, copy.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin"))
        return copy

    def killed(self, few: int | None, *command: str) -> Iterator[tuple[Developer, Point]]:
        """A copy for each point at which the command was killed in it."""
        known = points(self.copy(), self.folder / "log", *command)
        step = max(1, len(known) // few) if few else 1
        for point in known[::step]:
            developer = self.copy()
            if kill_at(developer, point, *command):
                yield developer, point
            wait_for(lambda folder=developer.folder: not list(processes_of(folder)))
            shutil.rmtree(developer.folder)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with listening() as endpoint:
        yield Bench(tmp_path, endpoint)


def at_least(killed: int, few: int | None, floor: int) -> None:
    """Say how many points were hit, and fail where too few were: a harness that kills nothing proves nothing."""
    print(f"killed at {killed} points")
    assert killed >= (few or floor)


def holds(developer: Developer, text: str) -> list[Path]:
    """The files of devtel, temporary ones too, that hold a text."""
    files = [file for file in developer.state.rglob("*") if file.is_file()]
    return [file for file in files if text.encode() in file.read_bytes()]


@pytest.mark.parametrize("few", PERIOD)
def test_a_flush_killed_anywhere_loses_nothing_and_counts_nothing_twice(bench: Bench, few: int | None) -> None:
    bench.template.grant()
    bench.template.add_runs(DAY_BEFORE, 2)
    bench.template.devtel("flush")
    for day, count in ((DAY_BEFORE, 1), (YESTERDAY, 3), (TODAY - timedelta(days=401), 1)):
        bench.template.add_runs(day, count)
    killed = 0
    for killed, (developer, point) in enumerate(bench.killed(few, *FLUSH), start=1):  # noqa: B007  counts
        assert developer.devtel("flush", "--verbose").returncode == 0, point
        days = sent_runs(bench.endpoint.requests)
        assert {day: runs[-1] for day, runs in days.items()} == {str(DAY_BEFORE): 3, str(YESTERDAY): 3}, point
        assert all(runs == sorted(runs) for runs in days.values()), point
        assert developer.status()["days_unsent"] == [], point
    at_least(killed, few, 40)


@pytest.mark.parametrize("few", PERIOD)
def test_a_wrapper_killed_anywhere_leaves_whole_records_and_the_runs_before_it(bench: Bench, few: int | None) -> None:
    bench.template.grant()
    build(bench.template, "work")
    killed = 0
    for killed, (developer, point) in enumerate(bench.killed(few, *WRAP), start=1):  # noqa: B007  counts
        wait_for(lambda folder=developer.folder: not list(processes_of(folder)))
        started = sum(record["event"] == "start" for record in developer.records())
        assert developer.devtel("flush").returncode == 0, point
        assert sent_runs(bench.endpoint.requests) == {str(TODAY): [started]}, point
        assert started in (1, 2), point
        assert developer.status()["damaged_records"] == 0, point
    at_least(killed, few, 4)


@pytest.mark.parametrize("few", PERIOD)
def test_a_first_wrapper_killed_anywhere_does_not_stand_in_the_way_of_the_next(bench: Bench, few: int | None) -> None:
    bench.template.grant()
    killed = 0
    for killed, (developer, point) in enumerate(bench.killed(few, *WRAP), start=1):  # noqa: B007  counts
        build(developer, "work")
        assert len(developer.ends()) >= 1, point
        assert developer.status()["dropped_records"] == 0, point
        assert len(list(developer.state.glob("journal/*/*"))) == 1, point
    at_least(killed, few, 8)


@pytest.mark.parametrize("few", PERIOD)
def test_a_grant_killed_anywhere_leaves_the_old_config_or_the_new(bench: Bench, few: int | None) -> None:
    killed = 0
    for killed, (developer, point) in enumerate(bench.killed(few, *GRANT), start=1):  # noqa: B007  counts
        known = decisions.decisions(settings.read_user(str(developer.config)))
        assert [decision.state for decision in known.values()] in ([], ["granted"]), point
        again = developer.grant()
        assert again in [decision.anonymous_id for decision in known.values()] or not known, point
        build(developer, "work")
        assert len(developer.ends()) == 1, point
        assert not list((developer.state / "declined").glob("*")), point
    at_least(killed, few, 10)


@pytest.mark.parametrize("few", PERIOD)
@pytest.mark.parametrize("command", [DECLINE, FLUSH], ids=["decline", "flush"])
def test_a_decline_killed_anywhere_is_completed_by_the_next(
    bench: Bench, few: int | None, command: tuple[str, ...]
) -> None:
    anonymous = bench.template.grant()
    bench.template.add_runs(YESTERDAY, 3)
    bench.template.devtel("flush")
    killed = 0
    for killed, (developer, point) in enumerate(bench.killed(few, *DECLINE), start=1):  # noqa: B007  counts
        if command == DECLINE or 'state = "declined"' in developer.config.read_text():
            for again in (command, FLUSH, FLUSH):
                developer.run(*again)
            assert holds(developer, anonymous) == [], point
            assert any(request.path.endswith("/forget") for request in bench.endpoint.requests), point
            assert not list(developer.state.glob("journal/*")), point
    at_least(killed, few, 15)


@pytest.mark.parametrize("few", PERIOD)
def test_a_forget_killed_anywhere_is_completed_by_the_next_and_links_nothing(bench: Bench, few: int | None) -> None:
    anonymous = bench.template.grant()
    bench.template.add_runs(YESTERDAY, 3)
    bench.template.devtel("flush")
    before = host_keys(bench.endpoint)
    killed = 0
    for killed, (developer, point) in enumerate(bench.killed(few, *FORGET), start=1):  # noqa: B007  counts
        developer.run(*FORGET)
        developer.add_runs(YESTERDAY)
        developer.devtel("flush")
        assert holds(developer, anonymous) == [], point
        assert len(host_keys(bench.endpoint) - before) == len(host_keys(bench.endpoint)) == 1, point
        assert sent_runs(bench.endpoint.requests) == {str(YESTERDAY): [1]}, point
    at_least(killed, few, 15)


def host_keys(endpoint: Endpoint) -> set[str]:
    """The machines' keys in the reports that came."""
    reports = [request for request in endpoint.requests if request.path.endswith("/report")]
    return {json.loads(request.body)["hostname"] for request in reports}

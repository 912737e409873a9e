"""`devtel devlake run`: one project's blueprint, followed to its end."""

import json
import signal
from pathlib import Path

import pexpect
import pytest

from devtelemetry_cli.devlake import run
from devtelemetry_cli.devlake.api.errors import ApiError
from tests.helpers.devlake_operator import FakeClock, Operator, client, wait_for
from tests.helpers.fake_devlake_server import KEY, FakeServer

CONNECTIONS = [{"pluginName": "github", "connectionId": 1, "scopes": [{"scopeId": "7"}]}]

WRAPPED = """subtask Collect Jobs ended unexpectedly
Wraps: (2) attached stack trace
  -- stack trace:
  | github.com/apache/incubator-devlake/helpers.collect
Wraps: (3) Error waiting for async Collector execution
  | combined messages:
  | {
  | \tRetry exceeded 3 times calling repos/acme/shop/actions
  | }
Error types: (1) *hintdetail.withDetail (2) *errutil.leafError"""
WHY = (
    "Retry exceeded 3 times calling repos/acme/shop/actions "
    "(subtask Collect Jobs ended unexpectedly: Error waiting for async Collector execution)"
)


@pytest.fixture
def shop(devlake: FakeServer) -> int:
    """The blueprint of a project with something to collect."""
    return devlake.lake.blueprint("github/acme/shop", connections=CONNECTIONS)


def _trigger(devlake: FakeServer, project: str = "github/acme/shop") -> ApiError:
    with client(devlake) as writer, pytest.raises(ApiError) as caught:
        run.trigger(writer, project)
    return caught.value


def test_a_run_is_started_and_left_alone(operator: Operator, devlake: FakeServer, shop: int) -> None:
    done = operator.call("run", "github/acme/shop")
    (pipeline,) = devlake.lake.pipelines
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"github/acme/shop: pipeline {pipeline} created, 0 of 3 tasks\n"
    assert devlake.writes() == [f"POST /blueprints/{shop}/trigger"]


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        ((), {"skipCollectors": False, "fullSync": False}),
        (("--full-sync",), {"skipCollectors": False, "fullSync": True}),
        (("--skip-collectors",), {"skipCollectors": True, "fullSync": False}),
    ],
)
@pytest.mark.usefixtures("shop")
def test_the_flags_choose_how_much_is_run(
    operator: Operator, devlake: FakeServer, flags: tuple[str, ...], body: dict[str, bool]
) -> None:
    assert operator.call("run", "github/acme/shop", *flags).returncode == 0
    assert devlake.lake.triggers == [body]


@pytest.mark.usefixtures("shop")
def test_waiting_ends_with_the_result_of_the_pipeline(operator: Operator) -> None:
    done = operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "completed, 3 of 3 tasks" in done.stdout


def _failing(devlake: FakeServer, status: str = "TASK_FAILED") -> None:
    """The next pipeline ends with this status, and a task that says why."""
    number = devlake.lake.next_number
    devlake.lake.steps[number] = [{"status": status, "finishedTasks": 3, "message": "subtask failed"}]
    devlake.lake.tasks[number] = [
        {"plugin": "gitextractor", "status": "TASK_COMPLETED", "message": ""},
        {"plugin": "github", "status": "TASK_FAILED", "failedSubTask": "Collect Issues", "message": "\n401\nstack"},
    ]


@pytest.mark.parametrize("status", ["TASK_FAILED", "TASK_PARTIAL"])
@pytest.mark.usefixtures("shop")
def test_a_run_that_fails_ends_with_1_and_the_failing_tasks_message(
    operator: Operator, devlake: FakeServer, status: str
) -> None:
    _failing(devlake, status)
    done = operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1")
    assert done.returncode == 1
    assert done.stderr == "devtel: github, Collect Issues: 401\n"


@pytest.mark.parametrize(
    ("tasks", "sentence"),
    [
        ([], "subtask failed"),
        ([{"plugin": "dora", "status": "TASK_FAILED", "message": ""}], "dora: no reason given"),
        ([{"plugin": "dora", "status": "TASK_FAILED", "message": WRAPPED}], f"dora: {WHY}"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_failed_run_always_prints_a_reason(
    operator: Operator, devlake: FakeServer, tasks: list[dict[str, str]], sentence: str
) -> None:
    _failing(devlake)
    devlake.lake.tasks[devlake.lake.next_number] = tasks
    done = operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1")
    assert (done.returncode, done.stderr) == (1, f"devtel: {sentence}\n")


@pytest.mark.usefixtures("shop")
def test_the_result_is_valid_without_the_tasks(operator: Operator, devlake: FakeServer) -> None:
    _failing(devlake)
    devlake.fail("GET /pipelines/.*/tasks", 403, {"message": "path doesn't match api key's scope"})
    done = operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1")
    assert (done.returncode, "failed, 3 of 3 tasks" in done.stdout) == (1, True)
    assert "path doesn't match" in done.stderr


@pytest.mark.usefixtures("shop")
def test_the_result_as_json(operator: Operator, devlake: FakeServer) -> None:
    _failing(devlake)
    done = operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1", "--json")
    result = json.loads(done.stdout)
    assert (result["status"], result["failures"]) == ("TASK_FAILED", ["github, Collect Issues: 401"])


@pytest.mark.usefixtures("shop")
def test_a_run_with_skipped_collectors_reports_old_data(operator: Operator) -> None:
    done = operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1", "--skip-collectors", "--json")
    assert (done.returncode, json.loads(done.stdout)["skippedCollectors"]) == (0, True)
    assert done.stderr == "devtel: collectors were skipped: the data is not newer than before.\n"


@pytest.mark.usefixtures("shop")
def test_a_cancelled_run_is_no_success(operator: Operator, devlake: FakeServer) -> None:
    devlake.lake.steps[devlake.lake.next_number] = [{"status": "TASK_CANCELLED"}]
    assert operator.call("run", "github/acme/shop", "--wait", "--interval", "0.1").returncode == 1


def test_a_project_that_is_not_there_is_named(devlake: FakeServer) -> None:
    assert str(_trigger(devlake, "no/such")).startswith("DevLake has no project no/such.")


NAMES = ["with spaces", "a/b?c=d#e", "ü%2F", "..", "x&y", "a@b", "a:b", "a=b", "a+b", "a$b", "a;b", "a,b", "a(b)"]


@pytest.mark.parametrize("key", ["", KEY])
@pytest.mark.parametrize("name", [*NAMES, "a_b", "100%", r"a\b"])
def test_any_name_of_a_project_finds_it_with_and_without_a_key(devlake: FakeServer, name: str, key: str) -> None:
    number = devlake.lake.blueprint(name, connections=CONNECTIONS)
    for other in (name.upper() + "2", f"before {name}", "a-b", "ab"):  # the newest is listed first
        devlake.lake.blueprint(other, connections=CONNECTIONS)
    with client(devlake, key) as writer:
        assert run.trigger(writer, name).status == "TASK_CREATED"
    assert devlake.writes() == [f"POST /blueprints/{number}/trigger"]


def test_a_disabled_blueprint_is_named(devlake: FakeServer, shop: int) -> None:
    devlake.lake.blueprints[shop]["enable"] = False
    fault = _trigger(devlake)
    assert ("is disabled" in str(fault), fault.exit_code) == (True, 1)


def test_a_run_that_is_already_active_is_for_later(devlake: FakeServer, shop: int) -> None:
    devlake.lake.pipeline(shop, "TASK_RUNNING")
    assert _trigger(devlake).exit_code == 75


@pytest.mark.usefixtures("shop")
def test_a_run_is_never_started_twice(devlake: FakeServer) -> None:
    devlake.fail("POST .*trigger", 502, times=9, is_done=True)
    assert _trigger(devlake).exit_code == 75
    assert (devlake.count("POST"), len(devlake.lake.pipelines)) == (1, 1)


@pytest.mark.usefixtures("shop")
def test_following_survives_temporary_failures(devlake: FakeServer) -> None:
    devlake.fail("GET /pipelines", 502, times=3)
    with client(devlake) as writer:
        last = run.follow(writer, run.trigger(writer, "github/acme/shop"), lambda _seen: None, 2, FakeClock().clock())
    assert last.status == "TASK_COMPLETED"


@pytest.mark.usefixtures("shop")
def test_a_signal_leaves_the_pipeline_running(operator: Operator, devlake: FakeServer) -> None:
    devlake.lake.steps[devlake.lake.next_number] = [{} for _ in range(1000)]
    with operator.start("run", "github/acme/shop", "--wait", "--interval", "0.1") as service:
        wait_for(lambda: devlake.count("GET /pipelines/"))
        assert service.stop(signal.SIGINT) == 130
        assert service.log.read_text() == "devtel: stopped. The pipeline continues.\n"


@pytest.mark.usefixtures("shop")
def test_a_terminal_shows_a_bar_over_the_tasks(operator: Operator, tmp_path: Path) -> None:
    words = operator.argv("run", "github/acme/shop", "--wait", "--interval", "0.1")
    child = pexpect.spawn(words[0], words[1:], cwd=str(tmp_path), env=operator.environ, encoding="utf-8", timeout=20)
    child.expect(r"\[#+-*\]  [123]/3")
    child.expect("completed, 3 of 3 tasks")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0

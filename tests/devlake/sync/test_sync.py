"""`devtel devlake sync`: a whole sync against a DevLake that is slow, full, refusing or changed by others."""

import json
import signal
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devtelemetry_cli.cli.devlake.output import summary
from devtelemetry_cli.client import locks
from devtelemetry_cli.devlake.api.blueprints import rfc3339
from devtelemetry_cli.devlake.api.errors import MAX_SILENT, ApiError
from devtelemetry_cli.devlake.sync.options import saturday_before
from devtelemetry_cli.devlake.sync.sync import exclusive
from devtelemetry_cli.errors import TryLaterError
from tests.helpers import tools
from tests.helpers.devlake_operator import SATURDAY_TEXT, FakeClock, Operator, client, sync, wait_for
from tests.helpers.fake_devlake import ID_FIELDS
from tests.helpers.fake_devlake_remote import page_token
from tests.helpers.fake_devlake_server import KEY, FakeServer

SECOND_PAGE = page_token("github", 100).rstrip("=")
FAKETIME = tools.find("faketime/libfaketime.so.1")


@pytest.fixture
def acme(devlake: FakeServer) -> FakeServer:
    """One connection that sees three repositories, one of them in a nested group."""
    number = devlake.lake.connect("github")
    inner = devlake.lake.group("github", number, "inner", parent=devlake.lake.group("github", number, "acme"))
    for name, group in (("acme/api", "acme"), ("acme/web", "acme"), ("acme/inner/tool", inner)):
        devlake.lake.repository("github", number, name, group)
    return devlake


def _blueprint(devlake: FakeServer, project: str) -> dict[str, Any]:
    return next(item for item in devlake.lake.blueprints.values() if item["projectName"] == project)


def test_every_repository_gets_scope_project_and_blueprint(acme: FakeServer) -> None:
    result = sync(acme)
    assert (result.done, result.failures) == (3, [])
    assert len(acme.lake.scopes["github", 1]) == 3
    assert set(acme.lake.projects) == {"github/acme/api", "github/acme/web", "github/acme/inner/tool"}
    assert acme.lake.projects["github/acme/api"]["metrics"] == [
        {"pluginName": "dora", "pluginOption": {}, "enable": True}
    ]
    assert _blueprint(acme, "github/acme/api")["timeAfter"] == SATURDAY_TEXT


def test_a_second_sync_makes_no_writing_call(acme: FakeServer) -> None:
    sync(acme)
    before = len(acme.writes())
    assert sync(acme).planned == 0
    assert len(acme.writes()) == before


def test_names_of_many_bytes_and_names_in_two_letter_cases_are_synced_on_any_database(devlake: FakeServer) -> None:
    devlake.lake.ignores_case = True
    number = devlake.lake.connect("jira")
    for key, name in enumerate(("あ" * 65, "あ" * 65 + "2", "Shop", "shop", "SHOP")):
        devlake.lake.repository("jira", number, name, key=key + 1)
    result = sync(devlake)
    assert (result.done, result.failures, len(devlake.lake.projects)) == (5, [], 5)
    assert sync(devlake).planned == 0


@pytest.mark.parametrize("plugin", ID_FIELDS)
def test_each_plugins_scopes_are_named_by_its_own_id(devlake: FakeServer, plugin: str) -> None:
    number = devlake.lake.connect(plugin)
    key = devlake.lake.repository(plugin, number, "folder/name with spaces/ü")
    assert sync(devlake).done == 1
    (connection,) = _blueprint(devlake, f"{plugin}/folder/name with spaces/ü")["connections"]
    assert connection == {"pluginName": plugin, "connectionId": 1, "scopes": [{"scopeId": key}]}
    before = len(devlake.writes())
    assert (sync(devlake).planned, len(devlake.writes())) == (0, before)


def test_added_scopes_carry_the_scope_config(acme: FakeServer) -> None:
    sync(acme, deployment_pattern="ship")
    config = acme.lake.configs["github", 1]["devtel github/1"]
    assert (config["deploymentPattern"], config["entities"][0]) == ("ship", "CODE")
    assert {scope["scopeConfigId"] for scope in acme.lake.scopes["github", 1].values()} == {config["id"]}


def test_each_connection_of_a_plugin_gets_a_scope_config_of_its_own(acme: FakeServer) -> None:
    acme.lake.repository("github", acme.lake.connect("github"), "tools/make", key=5)
    result = sync(acme)
    assert (result.done, result.failures) == (4, [])
    assert [list(acme.lake.configs["github", number]) for number in (1, 2)] == [
        ["devtel github/1"],
        ["devtel github/2"],
    ]
    assert (
        acme.lake.scopes["github", 2]["5"]["scopeConfigId"] == acme.lake.configs["github", 2]["devtel github/2"]["id"]
    )
    assert sync(acme).planned == 0


def test_a_scope_config_under_the_name_of_earlier_versions_is_kept_in_use(acme: FakeServer) -> None:
    old = acme.lake.post_config("github", "1", {"name": "devtel"})["id"]
    assert sync(acme).failures == []
    assert list(acme.lake.configs["github", 1]) == ["devtel"]
    assert {scope["scopeConfigId"] for scope in acme.lake.scopes["github", 1].values()} == {old}


@pytest.mark.parametrize("plugin", ID_FIELDS)
def test_only_plugins_with_deployments_get_deployment_patterns(devlake: FakeServer, plugin: str) -> None:
    devlake.lake.repository(plugin, devlake.lake.connect(plugin), "acme/api")
    sync(devlake)
    config = devlake.lake.configs[plugin, 1][f"devtel {plugin}/1"]
    assert ("deploymentPattern" in config, "CICD" in config["entities"]) == (plugin != "jira", plugin != "jira")


def test_a_scope_config_created_concurrently_is_used(acme: FakeServer) -> None:
    acme.meanwhile("GET .*scope-configs", lambda: acme.lake.post_config("github", "1", {"name": "devtel github/1"}))
    assert sync(acme).failures == []
    assert acme.count("POST .*scope-configs") == 1
    config = acme.lake.configs["github", 1]["devtel github/1"]["id"]
    assert {scope["scopeConfigId"] for scope in acme.lake.scopes["github", 1].values()} == {config}


@pytest.mark.parametrize("message", ["deadlock", "the name is duplicated"])
def test_without_its_scope_config_no_repository_is_added_and_the_next_sync_does_it(
    acme: FakeServer, message: str
) -> None:
    acme.lake.repository("gitlab", acme.lake.connect("gitlab"), "acme/later")
    acme.fail("POST /plugins/github/.*scope-configs", 500, {"message": message}, times=5)
    result = sync(acme)
    assert (result.done, set(acme.lake.projects)) == (1, {"gitlab/acme/later"})
    assert [failure.subject for failure in result.failures] == [
        "github/1 scope config devtel github/1 (new repositories wait for it)"
    ]
    acme.faults.clear()
    assert sync(acme).done == 3
    assert all(scope["scopeConfigId"] for scope in acme.lake.scopes["github", 1].values())


@pytest.mark.parametrize("key", ["", KEY])
def test_a_project_created_concurrently_is_joined(acme: FakeServer, key: str) -> None:
    acme.meanwhile("GET /blueprints", lambda: acme.lake.blueprint("github/acme/api"))
    result = sync(acme, key=key)
    assert (result.done, result.failures) == (3, [])
    assert _blueprint(acme, "github/acme/api")["connections"]
    assert _blueprint(acme, "github/acme/api")["timeAfter"] == SATURDAY_TEXT


def test_a_project_created_without_an_answer_is_joined(acme: FakeServer) -> None:
    acme.fail("POST /projects$", 502, is_done=True)
    assert (sync(acme).failures, acme.count("POST /projects$")) == ([], 3 + 1)
    assert _blueprint(acme, "github/acme/api")["connections"]


def test_a_project_without_a_blueprint_is_reported(acme: FakeServer) -> None:
    del acme.lake.blueprints[acme.lake.blueprint("github/acme/api")]
    result = sync(acme)
    assert result.done == 2
    assert "github/1 acme/api: The project github/acme/api has no blueprint." in str(result.failures[0])


def test_changes_of_others_between_plan_and_write_stay(acme: FakeServer) -> None:
    number = acme.lake.blueprint("github/acme/api")
    acme.lake.scopes["jira", 1]["9"] = {}
    board = [{"pluginName": "jira", "connectionId": 1, "scopes": [{"scopeId": "9"}]}]
    acme.meanwhile("GET /blueprints", lambda: acme.lake.patch_blueprint(str(number), {"connections": board}))
    sync(acme)
    plugins = [connection["pluginName"] for connection in acme.lake.blueprints[number]["connections"]]
    assert plugins == ["jira", "github"]


def test_one_refused_repository_stops_no_other(acme: FakeServer) -> None:
    acme.lake.repository("github", 1, "acme/refused")
    result = sync(acme)
    assert result.done == 3
    assert [str(failure) for failure in result.failures] == [
        "github/1 acme/refused: DevLake refused PUT /plugins/github/connections/1/scopes (400): "
        "this repository is refused."
    ]


def test_one_project_that_fails_for_good_stops_no_other(acme: FakeServer) -> None:
    acme.fail("POST /projects$", 500, {"message": "deadlock"}, times=5)
    result = sync(acme)
    assert (result.done, len(result.failures)) == (2, 1)
    assert sync(acme).done == 1


def test_a_500_in_the_middle_of_the_page_walk_loses_nothing(devlake: FakeServer) -> None:
    number = devlake.lake.connect("github")
    for repository in range(250):
        devlake.lake.repository("github", number, f"acme/{repository}")
    devlake.fail(f"GET .*pageToken={SECOND_PAGE}", 500, times=2)
    assert sync(devlake).done == 250
    assert devlake.count("PUT") == 3  # a hundred at a time


def test_an_aborted_walk_keeps_its_scopes_and_is_reported(devlake: FakeServer) -> None:
    for plugin in ("github", "gitlab"):
        number = devlake.lake.connect(plugin)
        for repository in range(150):
            devlake.lake.repository(plugin, number, f"acme/{repository}")
    devlake.fail(f"GET /plugins/github.*pageToken={SECOND_PAGE}", 500, {"message": "Bad credentials"}, times=9)
    result = sync(devlake)
    assert result.done == 250
    assert [failure.subject for failure in result.failures] == ["github/1"]


def test_scopes_are_added_to_the_connection_that_sees_them(devlake: FakeServer) -> None:
    for number in (1, 2):
        devlake.lake.repository("github", devlake.lake.connect("github"), f"acme/{number}", key=number)
    assert sync(devlake).done == 2
    assert [list(devlake.lake.scopes["github", number]) for number in (1, 2)] == [["1"], ["2"]]


def test_limits_of_the_server_are_waited_for(acme: FakeServer) -> None:
    clock = FakeClock()
    acme.fail("(POST|PUT|PATCH|GET)", 429, headers={"Retry-After": "20"}, times=4, after=6)
    assert sync(acme, clock=clock).done == 3
    assert sum(clock.waits) == 80.0


def test_a_key_that_is_refused_half_way_ends_the_sync(acme: FakeServer) -> None:
    acme.fail("POST /projects$", 403, {"message": "api key has expired"}, times=9, after=1)
    result = sync(acme)
    assert result.done == 1
    assert result.ended_early is not None
    assert result.ended_early.exit_code == 77


def test_a_key_that_may_not_add_ends_the_sync_at_once(acme: FakeServer) -> None:
    acme.fail("PUT", 403, {"message": "path doesn't match api key's scope"}, times=9)
    result = sync(acme)
    assert result.ended_early is not None
    assert acme.count("PUT") == 1


def test_a_project_changed_concurrently_while_it_is_made_is_reported(acme: FakeServer) -> None:
    acme.meanwhile("POST /projects$", lambda: _blueprint(acme, "github/acme/api").update(cronConfig="0 6 * * *"))
    (failure,) = sync(acme).failures
    assert "changed by another client" in str(failure)
    assert sync(acme).failures == []
    assert _blueprint(acme, "github/acme/api")["cronConfig"] == "0 6 * * *"


def test_timeouts_that_are_not_in_a_row_do_not_end_the_sync(devlake: FakeServer) -> None:
    number = devlake.lake.connect("github")
    for repository in range(6):
        devlake.lake.repository("github", number, f"acme/{repository}")
    for turn in range(MAX_SILENT):
        devlake.fail("PATCH", 200, times=2, after=turn + 1, seconds=0.5)
    result = sync(devlake, timeout=0.2, tries=2)
    assert (result.done, len(result.failures), result.ended_early) == (3, 3, None)


def test_every_second_connection_may_time_out(devlake: FakeServer) -> None:
    for number in range(1, 2 * MAX_SILENT + 1):
        devlake.lake.repository("github", devlake.lake.connect("github"), f"acme/{number}")
        if number % 2:
            devlake.fail(f"GET /plugins/github/connections/{number}/remote-scopes", 200, times=2, seconds=0.5)
    result = sync(devlake, timeout=0.2, tries=2)
    assert (result.done, len(result.failures)) == (MAX_SILENT, MAX_SILENT)


def test_an_unreachable_devlake_ends_the_sync_instead_of_failing_ten_thousand_times(devlake: FakeServer) -> None:
    number = devlake.lake.connect("github")
    for repository in range(20):
        devlake.lake.repository("github", number, f"acme/{repository}")
    devlake.fail("POST /projects$", 0, times=999)
    result = sync(devlake)
    assert len(result.failures) == MAX_SILENT
    assert result.ended_early is not None
    assert result.ended_early.exit_code == 69


def test_a_repository_that_times_out_is_listed_at_the_end_and_stops_no_other(acme: FakeServer) -> None:
    acme.fail("POST /projects$", 200, times=5, seconds=0.5)
    result = sync(acme, timeout=0.2)
    assert acme.count("POST /projects$") == 5 + 2
    assert set(acme.lake.projects) == {"github/acme/web", "github/acme/inner/tool"}
    assert [str(failure) for failure in result.failures] == [
        "github/1 acme/api: DevLake did not answer POST /projects: it took too long. "
        "More than the 0.2 seconds of --timeout may help.",
    ]
    assert (
        summary(result, dry_run=False)
        == "3 repositories seen through 1 connection; 4 steps planned, 2 arranged, 1 failed."
    )


def test_a_connection_that_times_out_stops_no_other(acme: FakeServer) -> None:
    acme.lake.repository("gitlab", acme.lake.connect("gitlab"), "acme/later")
    acme.fail("GET /plugins/github/.*remote-scopes", 200, times=2, seconds=0.5)
    result = sync(acme, timeout=0.2, tries=2)
    assert (result.done, [failure.subject for failure in result.failures]) == (1, ["github/1"])


def test_a_devlake_that_never_answers_in_time_is_given_up_after_a_few_connections(devlake: FakeServer) -> None:
    for _ in range(MAX_SILENT + 2):
        devlake.lake.connect("github")
    devlake.fail("GET .*remote-scopes", 200, times=99, seconds=0.5)
    with pytest.raises(ApiError, match="took too long"):
        sync(devlake, timeout=0.2, tries=2)
    assert devlake.count("GET .*remote-scopes") == MAX_SILENT * 2


def test_a_connection_whose_own_token_has_expired_stops_no_other(acme: FakeServer) -> None:
    acme.lake.repository("gitlab", acme.lake.connect("gitlab"), "acme/later")
    refused = {"code": 401, "success": False, "message": "authentication failed", "causes": [], "data": None}
    acme.fail("GET /plugins/github/.*remote-scopes", 401, refused)
    result = sync(acme)
    assert (result.done, result.ended_early) == (1, None)
    assert "own token still valid?" in str(result.failures[0])


def test_a_dry_run_writes_nothing_and_plans_the_same(acme: FakeServer) -> None:
    assert sync(acme, dry_run=True).planned == 4
    assert acme.writes() == []


def test_the_requests_are_as_few_as_the_work_allows(acme: FakeServer) -> None:
    sync(acme)
    assert sorted(request.split()[0] for request in acme.writes()) == ["PATCH"] * 3 + ["POST"] * 4 + ["PUT"]
    assert acme.count("GET .*remote-scopes") == 3  # the root and two groups


def test_a_second_sync_at_the_same_time_is_not_started(operator: Operator, acme: FakeServer) -> None:
    with client(acme) as reader:
        lock = operator.home / "devtel" / "devlake" / f"sync-{reader.file_tag}.lock"
    lock.parent.mkdir(parents=True)
    with locks.held(str(lock), 0):
        done = operator.call("sync")
    assert (done.returncode, acme.writes()) == (75, [])
    assert "still running" in done.stderr


def test_a_lock_lets_go_when_the_sync_fails(tmp_path: Any) -> None:
    with pytest.raises(ApiError), exclusive(str(tmp_path), "m"):
        raise ApiError("x")
    with exclusive(str(tmp_path), "m"), pytest.raises(TryLaterError), exclusive(str(tmp_path), "m"):
        pass


def test_the_command_prints_its_plan_and_then_how_it_went(operator: Operator, acme: FakeServer) -> None:
    acme.wants_key = True
    (operator.work / "key").write_text(KEY)
    done = operator.call("sync", "--key-file", "key", "--exclude", "*/inner/*")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "github/1: make the scope config devtel github/1",
        "github/1 acme/api: add it, make the project github/acme/api",
        "github/1 acme/web: add it, make the project github/acme/web",
    ]
    assert done.stderr == "devtel: 3 repositories seen through 1 connection; 3 steps planned, 2 arranged, 0 failed.\n"


def test_the_command_lists_failures_at_the_end_and_ends_with_1(operator: Operator, acme: FakeServer) -> None:
    acme.lake.repository("github", 1, "acme/refused")
    done = operator.call("sync")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("devtel: github/1 acme/refused: DevLake refused PUT")


def test_the_command_ends_as_the_fault_does_that_ended_it(operator: Operator, acme: FakeServer) -> None:
    acme.fail("POST /projects$", 403, {"message": "api key has expired"}, times=9, after=1)
    done = operator.call("sync")
    assert (done.returncode, done.stderr.count("3 repositories seen")) == (77, 1)


def test_saturday_begins_in_the_time_zone_of_the_command(operator: Operator, acme: FakeServer) -> None:
    zone = ZoneInfo("Pacific/Kiritimati")  # fourteen clock before UTC: its midnight is nobody else's
    before = saturday_before(datetime.now(zone).date(), zone)
    assert operator.call("sync", "--timezone", zone.key).returncode == 0
    after = saturday_before(datetime.now(zone).date(), zone)
    assert _blueprint(acme, "github/acme/api")["timeAfter"] in (rfc3339(before), rfc3339(after))


def test_a_state_folder_that_cannot_be_used_is_one_sentence_without_numbers(
    operator: Operator, acme: FakeServer
) -> None:
    (operator.home / "devtel").mkdir()
    (operator.home / "devtel" / "devlake").touch()
    done = operator.call("sync")
    assert (done.returncode, acme.writes()) == (1, [])
    assert done.stderr == f"devtel: {operator.home}/devtel/devlake: File exists.\n"


def test_the_plan_as_json_is_one_object_a_line(operator: Operator, acme: FakeServer) -> None:
    done = operator.call("sync", "--dry-run", "--json", "github/1")
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert [step["step"] for step in steps] == ["scope config", "repository", "repository", "repository"]
    assert acme.writes() == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--timezone", "Mars/Olympus"), 78),
        (("--timezone", "../etc/passwd"), 78),
        (("--daily-at", "25:00"), 2),
        (("--daily-at", "noon"), 2),
        (("--project-name", "{owner}"), 78),
        (("--rate", "-1"), 2),
        (("svn",), 78),
        (("webhook/1",), 78),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_written(
    operator: Operator, acme: FakeServer, words: tuple[str, ...], code: int
) -> None:
    acme.lake.connect("webhook")
    assert operator.call("sync", *words).returncode == code
    assert acme.writes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_sync_between_requests_and_a_new_one_does_the_rest(
    operator: Operator, acme: FakeServer, number: int
) -> None:
    acme.fail("POST /projects$", 429, headers={"Retry-After": "60"})
    with operator.start("sync") as service:
        wait_for(lambda: acme.count("POST /projects$"))
        assert service.stop(number) == 128 + number
        assert "a new sync does the rest" in service.log.read_text()
    assert sync(acme).failures == []
    assert len(acme.lake.projects) == 3


def test_daily_waits_for_its_hour_and_ends_cleanly(operator: Operator, acme: FakeServer) -> None:
    with operator.start("sync", "--daily-at", "18:00", "--timezone", "Asia/Ho_Chi_Minh") as service:
        assert "next sync at 20" in service.wait_for_log("11:00:00 UTC")
        assert service.stop() == 0
    assert acme.requests == []


@pytest.mark.skipif(not FAKETIME, reason="libfaketime is missing: install Debian's package faketime")
def test_daily_syncs_at_its_hour_and_continues_after_a_failure(operator: Operator, acme: FakeServer) -> None:
    acme.fail("GET /plugins$", 428)
    for start in ("17:59:57", "17:59:40", "17:58:50"):  # earlier where the machine is too busy to start in time
        clock = {"LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": f"@2026-11-22 {start}", "TZ": "UTC"}
        with operator.start("sync", "--daily-at", "18:00", **clock) as service:
            log = service.wait_for_log("next sync at 2026-11-23 18:00:00 UTC", 55)
            assert service.stop() == 0
        if "next sync at 2026-11-22 18:00:00 UTC" in log:
            break
    assert log.splitlines()[:2] == [
        "devtel: next sync at 2026-11-22 18:00:00 UTC",
        "devtel: DevLake waits for its database migration. Confirm it in config-ui, then try again.",
    ]

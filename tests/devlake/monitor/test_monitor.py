"""`devtel devlake monitor`: checks, state across restarts, warnings, metrics and the table for cron."""

import json
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import devtelemetry_cli.devlake.monitor
from devtelemetry_cli.devlake.monitor import metrics, monitor, recent
from devtelemetry_cli.devlake.monitor.monitor import Monitor, Snapshot
from tests.helpers.devlake_operator import NOW, FakeClock, Operator, Service, client
from tests.helpers.fake_devlake import FakeDevLake
from tests.helpers.fake_devlake_server import KEY, FakeServer


class Watching:
    """A monitor whose rounds the test calls, with its log; `again` is the same one after a restart."""

    def __init__(self, devlake: FakeServer, state: Path) -> None:
        self.log: list[str] = []
        self.devlake, self.state = devlake, state
        self.monitor = Monitor(client(devlake, tries=1), state, self.log.append)
        self.monitor.load_state()

    def round(self) -> "Watching":
        """One check."""
        self.monitor.run_check(NOW)
        return self

    def again(self) -> "Watching":
        """A new process with the same state."""
        return Watching(self.devlake, self.state)

    def scrape(self, label_time_failed: bool = False) -> str:
        """What Prometheus gets."""
        registry = CollectorRegistry()
        registry.register(metrics.Metrics(lambda: self.monitor.snapshot, lambda: NOW, label_time_failed))
        return generate_latest(registry).decode()

    def metrics(self, label_time_failed: bool = False) -> dict[str, float]:
        """The same as `name{labels}` -> value."""
        families = text_string_to_metric_families(self.scrape(label_time_failed))
        return {_name(sample.name, sample.labels): sample.value for family in families for sample in family.samples}


def _name(name: str, labels: dict[str, str]) -> str:
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{inside}}}" if labels else name


def _keep_busy(lake: FakeDevLake) -> None:
    """So many newer pipelines of one more blueprint that the list of all no longer reaches those of the others."""
    busy = lake.blueprint("busy")
    for _ in range(len(lake.blueprints) * recent.FIRST):
        lake.pipeline(busy)


@pytest.fixture
def watching(devlake: FakeServer, tmp_path: Path) -> Watching:
    """A monitor that has not looked yet."""
    return Watching(devlake, tmp_path / "state.json")


def test_a_failure_counts_and_is_warned_of_once(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number)
    watching.round()
    pipeline = lake.pipeline(number, "TASK_FAILED", "github: 401\n  goroutine 7", ended="2026-11-21T10:00:00Z")
    watching.round().round()
    assert watching.metrics()['devlake_blueprint_failure_total{project_name="shop"}'] == 1
    assert watching.log == [f"shop: pipeline {pipeline} failed at 2026-11-21T10:00:00+00:00: github: 401"]


def test_a_restart_neither_counts_nor_warns_again(watching: Watching) -> None:
    number = watching.devlake.lake.blueprint("shop")
    watching.devlake.lake.pipeline(number, "TASK_FAILED")
    watching.round()
    after = watching.again().round()
    assert after.metrics()['devlake_blueprint_failure_total{project_name="shop"}'] == 1
    assert after.log == []


def test_failures_while_no_monitor_ran_are_all_counted(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number)
    watching.round()
    for _ in range(35):
        lake.pipeline(number, "TASK_FAILED")
    after = watching.again().round()
    assert after.metrics()['devlake_blueprint_failure_total{project_name="shop"}'] == 35
    assert len(after.log) == 35


def test_a_damaged_state_is_logged_and_started_again(watching: Watching) -> None:
    watching.state.write_text("{")
    number = watching.devlake.lake.blueprint("shop")
    watching.devlake.lake.pipeline(number, "TASK_FAILED")
    after = watching.again().round()
    assert "is damaged; counting starts again" in after.log[0]
    assert json.loads(watching.state.read_text())["blueprints"][str(number)]["total"] == 1


def test_a_state_that_cannot_be_written_stops_no_check_and_is_tried_again(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("shop"), "TASK_FAILED", "no space")
    watching.state.mkdir()
    assert watching.round().round().metrics()["devlake_up"] == 1
    assert watching.log == [
        f"{watching.state} cannot be written: Is a directory. A restart would log failures again.",
        "shop: pipeline 2 failed at 2026-11-20T10:02:00+00:00: no space",
    ]
    watching.state.rmdir()
    assert watching.round().log[2:] == ["Checks are complete again."]
    assert watching.again().round().log == []


def test_the_state_is_written_only_when_something_changed(watching: Watching) -> None:
    watching.devlake.lake.pipeline(watching.devlake.lake.blueprint("shop"))
    watching.round()
    before = watching.state.stat().st_ino
    watching.round()
    assert watching.state.stat().st_ino == before


def test_times_status_duration_and_age_are_shown(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number, ended="2026-11-20T10:00:00Z")
    lake.pipeline(number, "TASK_FAILED", ended="2026-11-21T10:00:00Z")
    lake.pipeline(number, "TASK_RUNNING")
    values = watching.round().metrics()
    assert values['devlake_blueprint_last_success_timestamp_seconds{project_name="shop"}'] == 1795168800
    assert values['devlake_blueprint_last_failure_timestamp_seconds{project_name="shop"}'] == 1795255200
    assert values['devlake_blueprint_duration_seconds{project_name="shop"}'] == 60
    assert values['devlake_blueprint_data_age_seconds{project_name="shop"}'] == NOW - 1795165200
    assert values['devlake_blueprint_status{project_name="shop",status="TASK_RUNNING"}'] == 1
    assert values['devlake_blueprint_failing{project_name="shop"}'] == 1
    assert (values["devlake_up"], values["devlake_last_check_timestamp_seconds"]) == (1, NOW)


def test_a_blueprint_that_never_ran_has_no_times(watching: Watching) -> None:
    watching.devlake.lake.blueprint("new")
    values = watching.round().metrics()
    assert not [name for name in values if "timestamp_seconds{" in name or "age" in name]
    assert values['devlake_blueprint_status{project_name="new",status="none"}'] == 1


def test_a_blueprint_that_could_not_be_read_at_first_sight_is_seen_later(watching: Watching) -> None:
    number = watching.devlake.lake.blueprint("shop")
    watching.devlake.lake.pipeline(number, "TASK_FAILED")
    watching.devlake.lake.pipeline(number, "TASK_FAILED")
    _keep_busy(watching.devlake.lake)
    watching.devlake.fail(f"GET /blueprints/{number}/pipelines", 400)
    assert list(watching.round().monitor.snapshot.entries) != [number]
    assert watching.round().metrics()['devlake_blueprint_failure_total{project_name="shop"}'] == 1


def test_a_success_from_before_the_recent_ones_is_looked_up_once(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    for status in ["TASK_COMPLETED", *["TASK_FAILED"] * 12]:
        lake.pipeline(number, status)
    watching.round().round()
    assert any("last_success" in name for name in watching.metrics())
    assert watching.devlake.count(r"GET /pipelines\?.*status=TASK_COMPLETED") == 1


def test_the_last_real_collection_is_found_behind_runs_with_skipped_collectors(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number)
    for _ in range(55):
        lake.pipelines[lake.pipeline(number)] |= {"skipCollectors": True, "beganAt": "2026-11-21T09:00:00Z"}
    values = watching.round().metrics()
    assert values['devlake_blueprint_data_age_seconds{project_name="shop"}'] == NOW - 1795165200
    assert watching.devlake.count("GET /pipelines.*status=TASK_COMPLETED") == 3


def test_with_the_label_each_failure_is_a_series(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("shop"), "TASK_FAILED", ended="2026-11-21T10:00:00Z")
    values = watching.round().metrics(label_time_failed=True)
    assert values['devlake_blueprint_failure_total{project_name="shop",time_failed="2026-11-21T10:00:00Z"}'] == 1


def test_a_blueprint_without_a_project_goes_by_its_own_name(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("x", projectName="", name="by hand"), "TASK_FAILED")
    assert 'devlake_blueprint_failing{project_name="by hand"}' in watching.round().metrics()


def test_a_name_with_control_characters_stays_on_its_line(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("x", projectName="shop\x1b[2J\n2"), "TASK_FAILED", "no space")
    assert watching.round().log[0].startswith("shop [2J 2: pipeline ")
    assert 'devlake_blueprint_failing{project_name="shop [2J 2"}' in watching.scrape()


def test_two_failures_of_the_same_second_are_one_series_that_counts_both(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number)
    watching.round()
    for _ in range(2):
        lake.pipeline(number, "TASK_FAILED", ended="2026-11-21T10:00:00Z")
    scrape = watching.round().scrape(label_time_failed=True)
    series = 'devlake_blueprint_failure_total{project_name="shop",time_failed="2026-11-21T10:00:00Z"}'
    assert [line for line in scrape.splitlines() if line.startswith(series)] == [f"{series} 2.0"]


def test_blueprints_of_one_name_get_unique_names_and_the_oldest_keeps_it(watching: Watching) -> None:
    lake = watching.devlake.lake
    first = lake.blueprint("shop")
    second = lake.blueprint("x", projectName="", name="shop")
    for number in (first, second):
        lake.pipeline(number, "TASK_FAILED", f"of {number}")
    lines = watching.round().scrape().splitlines()
    assert [line for line in lines if line.startswith("devlake_blueprint_failing{")] == [
        f'devlake_blueprint_failing{{project_name="shop #{second}"}} 1.0',
        'devlake_blueprint_failing{project_name="shop"} 1.0',
    ]
    assert {line.split(":")[0]: line.rpartition(" ")[2] for line in watching.log} == {
        "shop": str(first),
        f"shop #{second}": str(second),
    }


def test_a_blueprint_that_is_switched_off_is_not_failing(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("off", enable=False), "TASK_FAILED")
    values = watching.round().metrics()
    assert values['devlake_blueprint_enabled{project_name="off"}'] == 0
    assert values['devlake_blueprint_failing{project_name="off"}'] == 0


def test_the_reason_of_the_last_failure_is_an_info_metric(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number, "TASK_FAILED", 'outer "x"\nWraps: (2) no space')
    lake.pipeline(number)
    lake.pipeline(lake.blueprint("calm"))
    infos = [name for name in watching.round().again().round().metrics() if "failure_info" in name]
    assert infos == ['devlake_blueprint_last_failure_info{project_name="shop",reason="no space (outer "x")"}']


def test_a_partial_pipeline_has_the_reasons_of_its_tasks_and_they_are_asked_for_once(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    partial = lake.pipeline(number, "TASK_PARTIAL")
    lake.tasks[partial] = [{"plugin": "jira", "status": "TASK_FAILED", "message": "a (404)\nWraps: (2) gone (404)"}]
    (entry,) = watching.round().round().again().round().monitor.snapshot.entries.values()
    assert (entry.history.message, entry.history.reason) == ("jira: gone (a)", "jira: gone (a)")
    assert watching.log[0].endswith(": jira: gone (a)")
    assert watching.devlake.count("GET /pipelines/.*/tasks") == 1


def test_a_key_that_may_not_ask_for_tasks_ends_a_check(watching: Watching) -> None:
    watching.devlake.lake.pipeline(watching.devlake.lake.blueprint("shop"), "TASK_PARTIAL")
    watching.devlake.fail("GET /pipelines/.*/tasks", 403)
    assert watching.round().metrics()["devlake_up"] == 0


def test_a_key_that_may_not_list_pipelines_ends_a_check_with_one_request(watching: Watching) -> None:
    watching.devlake.lake.blueprint("shop")
    watching.devlake.fail("GET /pipelines", 403)
    assert watching.round().metrics()["devlake_up"] == 0
    assert watching.devlake.count("GET /blueprints/") == 0


def test_the_first_check_finds_the_last_failure_among_ten_runs(watching: Watching) -> None:
    number = watching.devlake.lake.blueprint("shop")
    for status in ("TASK_COMPLETED", "TASK_FAILED", *["TASK_COMPLETED"] * 8):
        watching.devlake.lake.pipeline(number, status, "no space")
    assert any("last_failure_timestamp" in name for name in watching.round().metrics())


def test_no_older_success_is_looked_up_where_all_pipelines_are_known(watching: Watching) -> None:
    watching.devlake.lake.pipeline(watching.devlake.lake.blueprint("shop"), "TASK_FAILED", "no space")
    watching.round()
    assert watching.devlake.count("GET /pipelines.*status") == 0


def test_a_partial_pipeline_counts_even_without_its_tasks(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("shop"), "TASK_PARTIAL")
    watching.devlake.fail("GET /pipelines/.*/tasks", 500)
    assert watching.round().metrics()['devlake_blueprint_failure_total{project_name="shop"}'] == 1


def test_a_blueprint_that_was_removed_leaves_the_metrics(watching: Watching) -> None:
    lake = watching.devlake.lake
    number = lake.blueprint("shop")
    lake.pipeline(number, "TASK_FAILED", "no space")
    assert "shop" in watching.round().scrape()
    del lake.blueprints[number]
    assert "shop" not in watching.round().scrape()


def test_an_outage_of_devlake_is_logged_once_and_keeps_the_snapshot(watching: Watching) -> None:
    lake = watching.devlake.lake
    lake.pipeline(lake.blueprint("shop"), "TASK_FAILED")
    watching.round()
    watching.devlake.fail("GET /blueprints", 500, times=2)
    watching.round().round()
    values = watching.metrics()
    assert (values["devlake_up"], values["devlake_api_errors_total"]) == (0, 2)
    assert values['devlake_blueprint_failure_total{project_name="shop"}'] == 1
    watching.round()
    assert [line[:30] for line in watching.log[1:]] == ["DevLake could not do GET /blue", "Checks are complete again."]


def test_one_blueprint_that_cannot_be_read_keeps_its_past_and_stops_no_other(watching: Watching) -> None:
    lake = watching.devlake.lake
    first, second = lake.blueprint("shop"), lake.blueprint("api")
    lake.pipeline(first, "TASK_FAILED")
    watching.round()
    lake.pipeline(second, "TASK_FAILED")
    _keep_busy(lake)
    watching.devlake.fail(f"GET /blueprints/{first}/pipelines", 500)
    values = watching.round().metrics()
    assert values['devlake_blueprint_failure_total{project_name="shop"}'] == 1
    assert values['devlake_blueprint_failure_total{project_name="api"}'] == 1


def test_a_blueprint_that_times_out_stops_no_other(devlake: FakeServer) -> None:
    slow, other = devlake.lake.blueprint("slow"), devlake.lake.blueprint("other")
    devlake.fail("GET /pipelines", 400)
    devlake.fail(f"GET /blueprints/{slow}/pipelines", 200, seconds=0.5)
    with client(devlake, tries=1, timeout=0.2) as reader:
        result = monitor.check(reader, {})
    assert (list(result.entries), len(result.faults)) == ([other], 2)


def test_every_second_blueprint_may_take_too_long(devlake: FakeServer) -> None:
    devlake.fail("GET /pipelines", 400)
    for turn in range(6):
        number = devlake.lake.blueprint(f"project {turn}")
        if turn % 2:
            devlake.fail(f"GET /blueprints/{number}/pipelines", 200, seconds=0.5)
    with client(devlake, tries=1, timeout=0.2) as reader:
        assert len(monitor.check(reader, {}).faults) == 4


def test_the_pipelines_of_all_blueprints_are_read_from_one_list(devlake: FakeServer) -> None:
    numbers = [devlake.lake.blueprint(f"project {turn}") for turn in range(100)]
    for status in ("TASK_COMPLETED", "TASK_FAILED"):
        for number in numbers:
            devlake.lake.pipeline(number, status, "no space")
    with client(devlake) as reader:
        first = monitor.check(reader, {})
        past = {number: entry.history for number, entry in first.entries.items()}
        monitor.check(reader, past)
    assert sum(entry.is_failing for entry in first.entries.values()) == 100
    assert len(devlake.requests) == 2 * (1 + 8)  # pages of blueprints and of pipelines


def test_a_blueprint_that_seldom_runs_is_asked_for_its_own_list(watching: Watching) -> None:
    lake = watching.devlake.lake
    seldom = lake.blueprint("seldom")
    lake.pipeline(seldom)
    watching.round()
    failed = lake.pipeline(seldom, "TASK_FAILED")
    _keep_busy(lake)
    again = watching.again().round()
    assert again.metrics()['devlake_blueprint_failure_total{project_name="seldom"}'] == 1
    lake.pipelines[failed]["status"] = "TASK_COMPLETED"  # run again
    assert again.round().metrics()['devlake_blueprint_failing{project_name="seldom"}'] == 0


def test_failures_of_an_outage_longer_than_the_list_are_all_counted(watching: Watching) -> None:
    lake = watching.devlake.lake
    numbers = [lake.blueprint(name) for name in ("shop", "api")]
    for number in numbers:
        lake.pipeline(number)
    watching.round()
    for number in numbers * 20:
        lake.pipeline(number, "TASK_FAILED")
    values = watching.again().round().metrics()
    assert [values[f'devlake_blueprint_failure_total{{project_name="{name}"}}'] for name in ("shop", "api")] == [20, 20]


def test_no_state_is_kept_that_could_not_be_checked(watching: Watching) -> None:
    watching.devlake.fail("GET /blueprints", 428, times=9)
    watching.round()
    assert not watching.state.exists()


def test_checks_start_at_their_interval_however_long_one_takes(devlake: FakeServer, tmp_path: Path) -> None:
    clock, checks = FakeClock(), []

    def warn(_sentence: str) -> None:
        checks.append(clock.now - NOW)
        clock.now += 40
        devlake.lake.pipeline(number, "TASK_FAILED")
        if len(checks) == 3:
            raise KeyboardInterrupt

    number = devlake.lake.blueprint("shop")
    devlake.lake.pipeline(number, "TASK_FAILED")
    with pytest.raises(KeyboardInterrupt):
        Monitor(client(devlake, clock=clock), tmp_path / "state", warn).run(300)
    assert checks == [0, 300, 600]


def test_a_pipeline_of_another_form_is_an_error_of_its_blueprint(devlake: FakeServer) -> None:
    first, second = devlake.lake.blueprint("shop"), devlake.lake.blueprint("api")
    for request in ("GET /pipelines", f"GET /blueprints/{first}/pipelines"):
        devlake.fail(request, 200, {"pipelines": [{"id": "x"}]})
    with client(devlake) as reader:
        result = monitor.check(reader, {})
    assert list(result.entries) == [second]
    assert all("is not understood" in fault for fault in result.faults)


def test_a_snapshot_before_the_first_check_is_not_up() -> None:
    assert (Snapshot().is_up, Snapshot().checked) == (False, 0.0)


def test_once_prints_a_table_and_ends_with_1_while_something_fails(operator: Operator, devlake: FakeServer) -> None:
    lake = devlake.lake
    lake.pipeline(lake.blueprint("calm"), ended="2026-11-20T10:00:00Z")
    lake.pipeline(lake.blueprint("shop"), "TASK_FAILED", "no space", ended="2026-11-21T10:00:00Z")
    lake.pipeline(lake.blueprint("off", enable=False), "TASK_FAILED", ended="2026-11-21T10:00:00Z")
    done = operator.call("monitor", "--once")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "project  status       ended             seconds  message",
        "shop     failed       2026-11-21 10:00  60       no space",
        "calm     completed    2026-11-20 10:00  60",
        "off      failed, off  2026-11-21 10:00  60",
    ]


def test_once_ends_with_1_where_a_blueprint_cannot_be_read(operator: Operator, devlake: FakeServer) -> None:
    number = devlake.lake.blueprint("calm")
    _keep_busy(devlake.lake)
    devlake.fail(f"GET /blueprints/{number}/pipelines", 400)
    done = operator.call("monitor", "--once")
    assert (done.returncode, "devtel: calm: DevLake refused GET" in done.stderr) == (1, True)


def test_once_ends_with_0_where_all_is_well_and_leaves_no_state(operator: Operator, devlake: FakeServer) -> None:
    devlake.lake.pipeline(devlake.lake.blueprint("calm"))
    assert operator.call("monitor", "--once").returncode == 0
    assert operator.json("monitor", "--once")[0]["failing"] is False
    assert not (operator.home / "devtel").exists()


def _address(service: Service) -> str:
    return next(line for line in service.wait_for_log("/metrics\n").splitlines() if "metrics on" in line).split()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_metrics_until_a_signal(operator: Operator, devlake: FakeServer, number: int) -> None:
    devlake.wants_key = True
    (operator.work / "key").write_text(KEY)
    devlake.lake.pipeline(devlake.lake.blueprint("shop"), "TASK_FAILED", "boom")
    with operator.start("monitor", "--listen", "127.0.0.1:0", "--key-file", "key") as service:
        assert "shop: pipeline" in service.wait_for_log("boom")
        answer = httpx.get(_address(service))
        assert 'devlake_blueprint_failure_total{project_name="shop"} 1.0' in answer.text
        assert service.stop(number) == 0
    assert "Traceback" not in service.log.read_text()


def test_a_port_that_is_taken_ends_with_78(operator: Operator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = operator.call("monitor", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (done.returncode, "cannot be served" in done.stderr) == (78, True)


@pytest.mark.parametrize("text", ["9100x", "nine", ":", "host", ":99999"])
def test_an_invalid_listen_address_is_wrong_usage(operator: Operator, text: str) -> None:
    assert operator.call("monitor", "--listen", text).returncode == 2


def test_json_without_once_is_wrong_usage(operator: Operator, devlake: FakeServer) -> None:
    assert (operator.call("monitor", "--json").returncode, devlake.requests) == (2, [])


def test_without_its_extra_the_command_names_the_package(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)  # Python then raises ModuleNotFoundError for it
    monkeypatch.delitem(sys.modules, metrics.__name__)
    monkeypatch.delattr(devtelemetry_cli.devlake.monitor, "metrics")
    done = operator.call("monitor")
    assert done.returncode == 78
    assert "Install devtel again with its extra devlake" in done.stderr
    assert operator.call("monitor", "--once").returncode == 0

"""docs/devlake.md: every command of the page is run, and its printed output compared."""

import re
import shlex
import subprocess

import pytest

from devtelemetry_cli.devlake.monitor import metrics
from devtelemetry_cli.devlake.monitor.monitor import Snapshot
from tests.helpers import pages
from tests.helpers.devlake_operator import Operator
from tests.helpers.fake_devlake_server import KEY, FakeServer

PAGE = pages.read("docs/devlake.md")
UNIT = pages.read("examples/operate/devlake-monitor.service")
EXAMPLE = "https://devlake.example.com"
COMMANDS = pages.commands("docs/devlake.md")
SHOWN = [one for one in COMMANDS if one.output]
OTHERS = [one.text for one in COMMANDS if one.text.startswith("devtel ") and not one.output]
EXPORTS = [one.text for one in COMMANDS if one.text.startswith("export ")]
INSTALLATION = "pip install '.[devlake]'"  # tests/docs/test_install.py runs one of its kind


@pytest.fixture
def example(operator: Operator, devlake: FakeServer) -> Operator:
    """The operator of the page: config-ui in front, one connection, three repositories."""
    devlake.behind_config_ui = devlake.wants_key = True
    (operator.home / "devlake-key").write_text(KEY)
    operator.environ |= _exported(operator)
    (operator.work / ".git").mkdir()
    number = devlake.lake.connect("github", "Acme on GitHub")
    devlake.lake.install_devtel()
    devlake.lake.server_project(1, "shop")
    (operator.work / "view-token").write_text("view-token")
    for name in ("acme/api", "acme/web", "acme/sandbox-1"):
        devlake.lake.repository("github", number, name)
    return operator


def _exported(operator: Operator) -> dict[str, str]:
    """The variables that the page's `export` lines set, for this DevLake."""
    script = "\n".join([*EXPORTS, "env"]).replace(EXAMPLE, operator.devlake.url)
    printed = subprocess.run(
        ["sh", "-c", script], env=operator.environ, capture_output=True, text=True, check=True
    ).stdout
    return dict(line.split("=", 1) for line in printed.splitlines() if line.startswith("DEVTEL_"))


def test_every_command_of_the_page_is_run_below() -> None:
    assert {one.text for one in COMMANDS} - {one.text for one in SHOWN} - {*OTHERS, *EXPORTS} == {INSTALLATION}


def _run(operator: Operator, command: str) -> list[str]:
    words = shlex.split(command)
    assert words[:2] == ["devtel", "devlake"]
    done = operator.call(*words[2:])
    assert done.returncode == 0, done.stderr
    return sorted((done.stdout + done.stderr).replace(operator.devlake.url, EXAMPLE).splitlines())


def test_the_example_goes_as_the_page_shows_it(example: Operator) -> None:
    for command in SHOWN:
        quick = f"{command.text} --interval 0.1" if "--wait" in command.text else command.text
        assert _run(example, quick) == sorted(line for line in command.output if line), command


def test_every_other_command_of_the_page_runs(example: Operator) -> None:
    _run(example, "devtel devlake sync")
    example.devlake.lake.connect("gitlab")
    example.devlake.lake.connect("gitlab")
    for command in OTHERS:
        if "--daily-at" not in command and ("monitor" not in command or "--once" in command):
            _run(example, f"{command} --interval 0.1" if "--wait" in command else command)
            for pipeline in example.devlake.lake.pipelines.values():
                pipeline.update(status="TASK_COMPLETED", finishedAt="2026-11-22T10:05:00Z")


def _services() -> list[str]:
    """The commands that keep running, also those of systemd units."""
    units = [
        line.partition("/bin/")[2] + " --listen :9100" for line in UNIT.splitlines() if line.startswith("ExecStart=")
    ]
    return [c for c in [*OTHERS, *units] if "--daily-at" in c or ("monitor" in c and "--once" not in c)]


@pytest.mark.parametrize("command", _services())
def test_the_services_start_and_end_cleanly(example: Operator, command: str) -> None:
    words = [re.sub(r"^(127\.0\.0\.1)?:9100$", "127.0.0.1:0", word) for word in shlex.split(command)[2:]]
    with example.start(*words) as service:
        service.wait_for_log("devtel: next sync at" if "sync" in words else "/metrics\n")
        assert service.stop() == 0


def test_every_metric_is_on_the_page_and_every_rule_asks_for_some() -> None:
    families = list(metrics.Metrics(Snapshot, lambda: 0.0, False).collect())
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    short = {name.removeprefix("devlake_blueprint_") for name in names}
    assert not [name for name in short if name not in PAGE]
    rules = pages.read("examples/operate/devlake-alerts.yml")
    asked = {name for rule in re.findall("expr: (.*)", rules) for name in re.findall(r"devlake_\w+", rule)}
    assert asked <= names
    assert len(asked) == 6


def test_every_option_of_every_command_is_on_the_page(example: Operator) -> None:
    for command in ("discover", "sync", "monitor", "run", "connect", "plugin"):
        options = set(re.findall(r"--[a-z-]+", example.call(command, "--help").stdout)) - {"--help", "--no-write"}
        assert not [option for option in options if option not in PAGE], command


def test_the_allowed_path_of_the_page_is_enough_for_all_commands_but_connect(example: Operator) -> None:
    (allowed,) = re.findall(r"work with `(\^/\(version[^`]*)`", PAGE)
    lake = example.devlake.lake
    lake.keys["narrow"] = {"name": "narrow", "allowedPath": allowed}
    (example.home / "devlake-key").write_text("narrow")
    for words in (["discover"], ["sync"], ["run", "github/acme/api"], ["monitor", "--once"]):
        assert example.call(*words).returncode == 0, words
    assert example.call("connect").returncode == 77
    lake.keys["narrow"]["allowedPath"] = f"{allowed}|^/api-keys"
    assert example.call("connect").returncode == 0

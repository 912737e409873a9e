"""devtel schedule as a timer of the user's systemd: valid units, and every file restored."""

import shutil

import pytest

from tests.helpers.developer import Developer
from tests.helpers.scheduler_env import Machine

KINDS = ("timer", "service")


@pytest.fixture
def running(machine: Machine) -> Machine:
    """A machine with a running user systemd."""
    machine.touch("running")
    return machine


def units(machine: Machine) -> dict[str, str]:
    return {file.name: file.read_text() for file in machine.units.glob("devtel-flush.*")}


def test_the_timer_is_written_and_started(running: Machine) -> None:
    code, said, _ = running.schedule("install")
    assert code == 0
    assert said.startswith("Installed: devtel flush, daily at ")
    assert said.endswith("(systemd).\n")
    timer = units(running)["devtel-flush.timer"]
    assert "Persistent=true" in timer
    assert "RandomizedDelaySec=" in timer
    calls = (running.folder / "calls").read_text()
    assert "--user enable devtel-flush.timer\n--user restart devtel-flush.timer" in calls
    assert not running.spool.exists()


def test_installing_again_changes_nothing_and_keeps_the_time(running: Machine) -> None:
    running.schedule("install")
    before = units(running)
    assert running.schedule("install")[1].startswith("Already installed")
    running.developer.environ["TZ"] = "Europe/Berlin"
    assert running.schedule("install")[1].startswith("Installed")
    after = units(running)
    assert after["devtel-flush.timer"] == before["devtel-flush.timer"]
    assert 'Environment="TZ=Europe/Berlin"' in after["devtel-flush.service"]


def test_a_failure_leaves_the_files_as_they_were(running: Machine) -> None:
    running.touch("stubborn")
    code, output, said = running.schedule("install")
    assert (code, output) == (1, "")
    assert said == "devtel: systemctl --user enable failed: Failed to enable unit. Nothing was changed.\n"
    assert units(running) == {}


def test_a_unit_of_another_program_stays(running: Machine) -> None:
    running.units.mkdir(parents=True)
    (running.units / "devtel-flush.service").write_text("[Service]\nExecStart=mine\n")
    code, _, said = running.schedule("install")
    assert code == 1
    assert "exists and was not written by devtel" in said
    assert running.schedule("remove")[1] == "devtel had installed no schedule.\n"
    assert units(running) == {"devtel-flush.service": "[Service]\nExecStart=mine\n"}


def test_without_a_user_systemd_it_fails_with_a_reason(machine: Machine) -> None:
    code, _, said = machine.schedule("install", "--with", "systemd")
    assert (code, said) == (1, "devtel: No user systemd is running. Try --with crontab. Nothing was changed.\n")
    assert units(machine) == {}


def test_changing_the_scheduler_leaves_one_schedule(running: Machine) -> None:
    running.schedule("install", "--with", "crontab")
    assert running.schedule("install")[1].endswith("(crontab).\n"), "an installed schedule stays"
    running.schedule("install", "--with", "systemd")
    assert not running.spool.exists()
    running.schedule("install", "--with", "crontab")
    assert units(running) == {}
    assert running.schedule("status")[1].endswith("(crontab)\n")


def test_removing_works_where_systemd_runs_no_longer(running: Machine) -> None:
    running.schedule("install")
    wants = running.units / "timers.target.wants"
    wants.mkdir()
    (wants / "devtel-flush.timer").symlink_to(running.units / "devtel-flush.timer")
    (running.folder / "running").unlink()
    assert running.schedule("remove") == (0, "Removed from systemd.\n", "")
    assert units(running) == {}
    assert list(wants.iterdir()) == []


def test_the_units_stand_where_xdg_says(running: Machine) -> None:
    running.developer.environ["XDG_CONFIG_HOME"] = str(running.folder / "config")
    running.schedule("install")
    assert (running.folder / "config" / "systemd" / "user" / "devtel-flush.timer").exists()


def test_systemd_takes_the_units(running: Machine, developer: Developer) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    awkward = developer.folder / "100% of 'my' \"bin\" $x"
    awkward.mkdir()
    (awkward / "devtel").symlink_to(shutil.which("devtel", path=developer.environ["PATH"]) or "")
    developer.environ["DEVTEL_HOME"] = str(awkward)
    assert developer.run(str(awkward / "devtel"), "schedule", "install").returncode == 0
    files = [str(running.units / f"devtel-flush.{kind}") for kind in KINDS]
    environ = {**developer.environ, "XDG_RUNTIME_DIR": str(developer.folder)}
    done = developer.run("systemd-analyze", "verify", "--user", *files, env=environ)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "devtel" in line]) == (0, [])

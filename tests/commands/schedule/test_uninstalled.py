"""A schedule that outlives devtel: what it runs fails, and its own text says what to delete."""

import plistlib
import shutil

from devtelemetry_cli.commands.schedule import crontab
from tests.helpers.developer import DEVTEL
from tests.helpers.installation import Installation
from tests.helpers.scheduler_env import Machine

OLDER_HEADER = "# Written by `devtel schedule install`; `devtel schedule remove` deletes it.\n"


def test_the_crontab_line_of_an_uninstalled_devtel_says_what_to_delete(machine: Machine) -> None:
    installed = Installation(machine.folder / "installed")
    assert machine.developer.run(str(installed.script), "schedule", "install").returncode == 0
    shutil.rmtree(installed.folder)
    command = machine.line().split(None, 5)[5]  # cron's mail has it as its subject
    assert command.endswith(": delete this line if devtel is uninstalled")
    done = machine.developer.run("sh", "-c", command)
    assert (done.returncode, str(installed.script) in done.stderr) == (127, True)


def test_a_line_of_an_older_devtel_is_updated_at_its_time(machine: Machine) -> None:
    machine.spool.write_text(f"5 4 * * * {DEVTEL} flush # devtel schedule\n")
    assert "out of date" in machine.schedule("status")[2]
    assert machine.schedule("install")[1] == "Installed: devtel flush, daily at 04:05 (crontab).\n"
    assert machine.line().endswith(crontab.MARK.decode())


def test_a_line_of_an_older_devtel_is_removed(machine: Machine) -> None:
    machine.spool.write_text(f"5 4 * * * {DEVTEL} flush # devtel schedule\n")
    assert machine.schedule("remove")[1] == "Removed from crontab.\n"
    assert not machine.spool.exists()


def test_the_units_say_what_to_delete(machine: Machine) -> None:
    machine.touch("running")
    machine.schedule("install")
    for unit in machine.units.glob("devtel-flush.*"):
        assert "uninstalled: systemctl --user disable --now devtel-flush.timer, then delete " in unit.read_text()
    assert "(devtel uninstalled? Delete devtel-flush.timer" in (machine.units / "devtel-flush.service").read_text()


def test_units_of_an_older_devtel_are_updated_and_removed(machine: Machine) -> None:
    machine.touch("running")
    machine.schedule("install")
    for unit in machine.units.glob("devtel-flush.*"):
        unit.write_text(OLDER_HEADER + unit.read_text().split("\n", 2)[2])
    assert "out of date" in machine.schedule("status")[2]
    assert machine.schedule("install")[1].startswith("Installed")
    assert machine.schedule("remove")[1] == "Removed from systemd.\n"


def test_the_launchd_agent_says_what_to_delete(machine: Machine) -> None:
    machine.add_launchctl()
    machine.schedule("install")
    assert (
        "If devtel is uninstalled: launchctl remove devtel.flush, then delete this file." in machine.agent.read_text()
    )
    assert plistlib.loads(machine.agent.read_bytes())["Label"] == "devtel.flush"

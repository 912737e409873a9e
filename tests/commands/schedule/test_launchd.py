"""devtel schedule as a launchd agent: a valid property list, loaded by launchctl, restored after a failure."""

import plistlib

import pytest

from tests.helpers.developer import DEVTEL
from tests.helpers.scheduler_env import Machine


@pytest.fixture
def mac(machine: Machine) -> Machine:
    """A machine with launchctl."""
    machine.add_launchctl()
    return machine


def values(mac: Machine) -> dict[str, object]:
    found: dict[str, object] = plistlib.loads(mac.agent.read_bytes())
    return found


def test_the_agent_has_the_documented_form(mac: Machine) -> None:
    code, said, _ = mac.schedule("install")
    assert (code, said.endswith("(launchd).\n")) == (0, True)
    found = values(mac)
    when = found["StartCalendarInterval"]
    assert isinstance(when, dict)
    assert (9 <= when["Hour"] < 17, 0 <= when["Minute"] < 60) == (True, True)
    program = found["ProgramArguments"]
    assert isinstance(program, list)
    assert program[0] == "/usr/bin/env"
    assert program[-2:] == [DEVTEL, "flush"]
    assert f"DEVTEL_HOME={mac.developer.state}" in program
    calls = (mac.folder / "launchctl-calls").read_text().splitlines()
    assert calls[-1].startswith("bootstrap gui/")
    assert calls[-1].endswith(str(mac.agent))


def test_installing_again_keeps_the_time(mac: Machine) -> None:
    mac.schedule("install")
    before = values(mac)["StartCalendarInterval"]
    assert mac.schedule("install")[1].startswith("Already installed")
    mac.developer.environ["TZ"] = "Europe/Berlin"
    assert mac.schedule("install")[1].startswith("Installed")
    assert values(mac)["StartCalendarInterval"] == before


def test_a_failed_load_leaves_no_file(mac: Machine) -> None:
    mac.touch("stubborn")
    code, _, said = mac.schedule("install")
    assert (code, mac.agent.exists()) == (1, False)
    assert said == "devtel: launchctl bootstrap failed: Bootstrap failed: 5. Nothing was changed.\n"


def test_removing_unloads_the_agent(mac: Machine) -> None:
    mac.schedule("install")
    assert mac.schedule("remove") == (0, "Removed from launchd.\n", "")
    assert not mac.agent.exists()
    assert (mac.folder / "launchctl-calls").read_text().splitlines()[-1].startswith("bootout gui/")


@pytest.mark.parametrize("text", ["", "nonsense", "<plist>", "<plist><array/></plist>"])
def test_a_damaged_agent_is_out_of_date_and_written_again(mac: Machine, text: str) -> None:
    mac.schedule("install")
    mac.agent.write_text(text or " ")
    assert "out of date" in mac.schedule("status")[2]
    assert mac.schedule("install")[1].startswith("Installed")
    assert "StartCalendarInterval" in values(mac)

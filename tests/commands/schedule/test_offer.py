"""The daily flush is offered after consent, in one line, and only where nothing sends yet."""

import pexpect

from tests.helpers.developer import DEVTEL
from tests.helpers.scheduler_env import Machine

OFFER = "devtel: no schedule sends your reports yet: `devtel schedule install` does, once a day."


def test_after_a_grant_the_schedule_is_offered_until_it_is_there(machine: Machine) -> None:
    assert machine.developer.devtel("consent", "grant").stderr == f"{OFFER}\n"
    machine.schedule("install")
    assert machine.developer.devtel("consent", "grant").stderr == ""


def test_a_crontab_that_fails_is_nothing_that_a_grant_stumbles_over(machine: Machine) -> None:
    machine.now("unreadable")
    done = machine.developer.devtel("consent", "grant")
    assert (done.returncode, done.stderr) == (0, f"{OFFER}\n")


def test_it_is_offered_at_a_terminal_to_who_says_yes(machine: Machine) -> None:
    environ, project = machine.developer.environ, str(machine.developer.project)
    for answer, offered in (("local", False), ("yes", True)):
        child = pexpect.spawn(DEVTEL, ["consent"], cwd=project, env=environ, timeout=20, encoding="utf-8")
        child.expect_exact("not now > ")
        child.send(f"{answer}\r")
        child.expect(pexpect.EOF)
        assert (OFFER in str(child.before)) == offered
        child.close()

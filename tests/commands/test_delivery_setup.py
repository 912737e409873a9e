"""After a yes, the token is taken where the endpoint requires one, and the daily schedule is offered with its time."""

import re
from collections.abc import Iterator

import pexpect
import pytest

from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.question_terminal import PROMPT, SCHEDULE, end, terminal
from tests.helpers.report_endpoint import Answer, Endpoint, listening
from tests.helpers.scheduler_env import Machine, machine_of

OFFER = "devtel: no schedule sends your reports yet: `devtel schedule install` does, once a day."
TIME = r"Send a report daily at (\d\d:\d\d) \(systemd\)\? \[Y/n\]: "


@pytest.fixture
def machine(developer: Developer) -> Machine:
    """A machine with a user systemd."""
    machine = machine_of(developer)
    machine.touch("running")
    return machine


@pytest.fixture
def endpoint(machine: Machine) -> Iterator[Endpoint]:
    """An endpoint that the developer's project names; it refuses an empty report, as DevLake does."""
    with listening() as endpoint:
        endpoint.otherwise = Answer(400, '{"success": false}')
        machine.developer.project_file(endpoint.url)
        yield endpoint


def at_a_terminal(machine: Machine, *words: str) -> pexpect.spawn:
    environ, project = machine.developer.environ, str(machine.developer.project)
    return pexpect.spawn(DEVTEL, [*words], cwd=project, env=environ, timeout=30, encoding="utf-8")


def flat(shown: object) -> str:
    """What is shown, without the terminal's line breaks."""
    return " ".join(str(shown).split())


def finish(child: pexpect.spawn) -> str:
    child.expect(pexpect.EOF)
    child.close()
    return flat(child.before)


@pytest.mark.usefixtures("endpoint")
def test_a_yes_at_a_terminal_ends_with_a_schedule(machine: Machine) -> None:
    child = at_a_terminal(machine, "consent")
    child.expect_exact(PROMPT)
    child.send("y\r")
    child.expect(TIME)
    time = child.match[1]
    child.send("\r")
    assert f"Installed: daily at {time} (systemd)." in finish(child)
    assert machine.schedule("status")[1] == f"daily at {time} (systemd)\n"


@pytest.mark.usefixtures("endpoint")
def test_a_no_to_the_schedule_installs_none(machine: Machine) -> None:
    child = at_a_terminal(machine, "consent", "grant")
    child.expect(TIME)
    child.send("n\r")
    assert OFFER in finish(child)
    assert machine.schedule("status")[1].startswith("not installed")
    assert machine.developer.status()["consent"] == "granted"


def test_the_token_is_taken_where_the_endpoint_requires_one(machine: Machine, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(401, '{"success": false}')
    child = at_a_terminal(machine, "consent", "grant")
    child.expect(r"Token for 127\.0\.0\.1:\d+ \(Enter: later\): ")
    child.send("s3cret\r")
    child.expect_exact("The token is stored, but the endpoint refuses it.")
    child.expect(TIME)
    child.send("n\r")
    assert "s3cret" not in finish(child)
    assert [request.headers.get("authorization") for request in endpoint.requests] == [None, "Bearer s3cret"]
    assert endpoint.requests[0].body == b"{}"
    (token,) = (machine.developer.config.parent / "tokens").iterdir()
    assert token.read_text() == "s3cret"


@pytest.mark.usefixtures("endpoint")
def test_ctrl_c_leaves_the_consent_and_names_the_command_that_continues(machine: Machine) -> None:
    child = at_a_terminal(machine, "consent", "grant")
    child.expect(TIME)
    child.sendintr()
    assert OFFER in finish(child)
    assert machine.developer.status()["consent"] == "granted"
    child = at_a_terminal(machine, "consent", "setup")
    child.expect(TIME)
    child.send("y\r")
    assert re.search(r"Installed: daily at", finish(child))


def test_without_a_terminal_the_missing_command_is_named_and_nothing_contacted(
    machine: Machine, endpoint: Endpoint
) -> None:
    done = machine.developer.devtel("consent", "grant")
    assert (done.returncode, done.stderr) == (0, f"{OFFER}\n")
    assert endpoint.requests == []


@pytest.mark.usefixtures("endpoint")
def test_with_everything_in_place_nothing_is_asked(machine: Machine) -> None:
    machine.schedule("install")
    assert machine.developer.devtel("consent", "grant").stderr == ""


@pytest.mark.parametrize("answer", ["local", "never"])
def test_without_a_yes_nothing_is_contacted_or_offered(machine: Machine, endpoint: Endpoint, answer: str) -> None:
    child = at_a_terminal(machine, "consent")
    child.expect_exact(PROMPT)
    child.send(f"{answer}\r")
    assert "schedule" not in finish(child)
    assert endpoint.requests == []
    done = machine.developer.devtel("consent", "setup")
    assert (done.returncode, "There is no consent to send reports here." in done.stderr) == (1, True)


@pytest.mark.usefixtures("endpoint")
def test_a_crontab_that_fails_does_not_undo_the_consent(machine: Machine) -> None:
    machine.touch("unreadable")
    done = machine.developer.devtel("consent", "grant")
    assert (done.returncode, machine.developer.status()["consent"]) == (0, "granted")


def test_a_word_that_cannot_be_a_token_does_not_prevent_the_schedule(machine: Machine, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(401, '{"success": false}')
    child = at_a_terminal(machine, "consent", "grant")
    child.expect_exact("(Enter: later): ")
    child.send("two words\r")
    child.expect_exact("Not a valid token")
    child.expect(TIME)
    child.send("\r")
    assert "Installed: daily at" in finish(child)


@pytest.mark.usefixtures("endpoint")
def test_type_ahead_installs_no_schedule(machine: Machine) -> None:
    child = at_a_terminal(machine, "consent")
    child.expect_exact(PROMPT)
    child.send("y\r\r")
    assert OFFER in finish(child)
    assert machine.schedule("status")[1].startswith("not installed")


@pytest.mark.usefixtures("endpoint")
def test_without_a_scheduler_a_flush_after_a_recorded_run_is_offered(machine: Machine) -> None:
    folder = machine.developer.home.parent / "bin"
    for name in ("crontab", "systemctl"):
        (folder / name).unlink()
    machine.developer.environ["PATH"] = str(folder)
    child = at_a_terminal(machine, "consent", "grant")
    child.expect_exact("Send a report after a recorded run, at most once a day (background)? [Y/n]: ")
    child.send("\r")
    assert "Installed: after a recorded run, at most once a day (background)." in finish(child)


def test_without_a_terminal_the_command_is_one_that_works_on_this_machine(machine: Machine) -> None:
    folder = machine.developer.home.parent / "bin"
    for name in ("crontab", "systemctl"):
        (folder / name).unlink()
    machine.developer.environ["PATH"] = str(folder)
    assert "`devtel schedule install --with background`" in machine.developer.devtel("consent", "grant").stderr


MAKEFILE = "export TZ := Asia/Tokyo\nimpl-work:\n\t@echo worked\n"


def test_a_yes_after_a_run_takes_the_token_and_ends_with_a_schedule(machine: Machine, endpoint: Endpoint) -> None:
    endpoint.otherwise = Answer(401, '{"success": false}')
    machine.developer.makefile(MAKEFILE)
    with terminal(machine.developer, "make", "work") as child:
        child.expect_exact(PROMPT)
        child.send("y\r")
        child.expect_exact("Your anonymous ID is")
        child.expect_exact("(Enter: later): ")
        child.send("s3cret\r")
        child.expect_exact(SCHEDULE)
        child.send("\r")
        said = end(child)
        assert child.exitstatus == 0
    assert "Installed: daily at" in said
    assert "Asia/Tokyo" not in (machine.units / "devtel-flush.service").read_text()
    done = machine.developer.run("devtel", "schedule", "status")
    assert done.stderr == "", "it is what `devtel schedule install` would write"


@pytest.mark.usefixtures("endpoint")
def test_ctrl_c_at_these_questions_does_not_end_the_make_above(machine: Machine) -> None:
    machine.developer.makefile(MAKEFILE)
    with terminal(machine.developer, "make", "work") as child:
        child.expect_exact(PROMPT)
        child.send("y\r")
        child.expect_exact(SCHEDULE)
        child.send("\x03")
        assert OFFER in flat(end(child))
        assert child.exitstatus == 0
    assert machine.developer.status()["consent"] == "granted"

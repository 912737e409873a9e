"""After a yes, the token is taken where the endpoint requires one, and the daily schedule is offered with its time."""

import re
from collections.abc import Iterator

import pexpect
import pytest

from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.report_endpoint import Answer, Endpoint, listening
from tests.helpers.scheduler_env import Machine, machine_of

OFFER = "devtel: no schedule sends your reports yet: `devtel schedule install` does, once a day."
TIME = r"Send a report daily at (\d\d:\d\d) \(crontab\)\? \[Y/n\]: "


@pytest.fixture
def machine(developer: Developer) -> Machine:
    """A machine with a crontab and no user systemd."""
    return machine_of(developer)


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


def finish(child: pexpect.spawn) -> str:
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before)


@pytest.mark.usefixtures("endpoint")
def test_a_yes_at_a_terminal_ends_with_a_schedule(machine: Machine) -> None:
    child = at_a_terminal(machine, "consent")
    child.expect_exact("not now > ")
    child.send("y\r")
    child.expect(TIME)
    time = child.match[1]
    child.send("\r")
    assert f"Installed: daily at {time} (crontab)." in finish(child)
    assert machine.schedule("status")[1] == f"daily at {time} (crontab)\n"


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
    assert "Your consent is stored. `devtel consent setup` continues here." in finish(child)
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


@pytest.mark.parametrize("answer", ["local", "no"])
def test_without_a_yes_nothing_is_contacted_or_offered(machine: Machine, endpoint: Endpoint, answer: str) -> None:
    child = at_a_terminal(machine, "consent")
    child.expect_exact("not now > ")
    child.send(f"{answer}\r")
    assert "schedule" not in finish(child)
    assert endpoint.requests == []
    done = machine.developer.devtel("consent", "setup")
    assert (done.returncode, "There is no consent to send reports here." in done.stderr) == (1, True)


@pytest.mark.usefixtures("endpoint")
def test_a_crontab_that_fails_does_not_undo_the_consent(machine: Machine) -> None:
    machine.now("unreadable")
    done = machine.developer.devtel("consent", "grant")
    assert (done.returncode, machine.developer.status()["consent"]) == (0, "granted")

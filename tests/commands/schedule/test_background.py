"""devtel schedule --with background: a flush after a recorded run, at most once a day, apart from the build."""

import os
import time
from collections.abc import Iterator

import pytest

from tests.helpers.developer import Developer, wait_for
from tests.helpers.report_endpoint import Endpoint, listening
from tests.helpers.scheduler_env import Machine


@pytest.fixture
def endpoint(machine: Machine) -> Iterator[Endpoint]:
    """An endpoint that the developer agreed to."""
    with listening() as endpoint:
        machine.developer.project_file(endpoint.url)
        machine.developer.grant()
        machine.developer.makefile("impl-work:\n\t@true\nimpl-outer:\n\t@$(MAKE) work")
        yield endpoint


def choose(machine: Machine) -> None:
    """Choose this way, and let a flush be due."""
    assert machine.schedule("install", "--with", "background")[0] == 0
    make_due(machine.developer)


def make_due(developer: Developer) -> None:
    yesterday = time.time() - 86401
    os.utime(developer.state / "background-flush.json", (yesterday, yesterday))


def reported(endpoint: Endpoint, count: int) -> bool:
    return len(endpoint.requests) == count


def test_a_run_starts_a_flush_and_the_next_one_does_not(machine: Machine, endpoint: Endpoint) -> None:
    choose(machine)
    assert machine.developer.make("work").returncode == 0
    wait_for(lambda: reported(endpoint, 1))
    assert machine.developer.make("work").returncode == 0
    time.sleep(1.5)  # a second flush would send the day again
    assert reported(endpoint, 1)
    make_due(machine.developer)
    wait_for(lambda: machine.developer.devtel("status").stdout.count("not yet sent:   1 run") == 1)
    assert machine.developer.make("work").returncode == 0
    wait_for(lambda: reported(endpoint, 2))


def test_a_slow_endpoint_holds_neither_the_build_nor_its_pipe(machine: Machine, endpoint: Endpoint) -> None:
    choose(machine)
    endpoint.hold.clear()
    done = machine.developer.run("sh", "-c", "make work | cat")
    assert done.returncode == 0
    wait_for(lambda: reported(endpoint, 1))
    assert not endpoint.hold.is_set(), "the build ended while the flush was waiting"
    endpoint.hold.set()


def test_a_nested_run_starts_none_before_the_outermost(machine: Machine, endpoint: Endpoint) -> None:
    choose(machine)
    assert machine.developer.make("outer").returncode == 0
    wait_for(lambda: reported(endpoint, 1))
    assert endpoint.requests[0].body.count(b'"target":') == 2, "the flush saw both runs end"


def test_without_the_choice_no_run_starts_a_flush(machine: Machine, endpoint: Endpoint) -> None:
    assert machine.developer.make("work").returncode == 0
    machine.schedule("install", "--with", "background")
    make_due(machine.developer)
    assert machine.schedule("remove")[1] == "Removed from background.\n"
    assert machine.developer.make("work").returncode == 0
    time.sleep(1)
    assert endpoint.requests == []


def test_a_damaged_command_file_costs_the_build_nothing(machine: Machine, endpoint: Endpoint) -> None:
    choose(machine)
    (machine.developer.state / "background-flush.json").write_text("{nonsense")
    make_due(machine.developer)
    done = machine.developer.make("work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert endpoint.requests == []
    assert machine.schedule("install", "--with", "background")[1].startswith("Installed")


def test_status_names_it(machine: Machine) -> None:
    machine.schedule("install", "--with", "background")
    assert machine.schedule("status")[1] == "after a recorded run, at most once a day (background)\n"


def test_it_is_never_chosen_by_itself(machine: Machine) -> None:
    machine.touch("denied")
    code, _, said = machine.schedule("install")
    assert code == 78
    assert "devtel schedule install --with background" in said

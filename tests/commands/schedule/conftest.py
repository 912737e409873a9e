"""A machine for each test of schedules."""

import pytest

from tests.helpers.developer import Developer
from tests.helpers.scheduler_env import Machine, machine_of


@pytest.fixture
def machine(developer: Developer) -> Machine:
    """A machine with a crontab and no systemd of the user's."""
    return machine_of(developer)

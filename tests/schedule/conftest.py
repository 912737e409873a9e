"""A machine for each test of schedules."""

import pytest
from machines import Machine, machine_of

from support import Developer


@pytest.fixture
def machine(developer: Developer) -> Machine:
    """A machine with a crontab and no systemd of the user's."""
    return machine_of(developer)

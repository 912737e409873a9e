"""A machine for each test of schedules."""

from pathlib import Path

import pytest
from machines import Machine, play

from support import Developer


@pytest.fixture
def machine(developer: Developer, tmp_path: Path) -> Machine:
    """A machine with a crontab and no systemd of the user's."""
    return play(developer, tmp_path / "machine")

"""A fake DevLake and an operator for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.devlake_operator import Operator, new_operator
from tests.helpers.fake_devlake_server import FakeServer, running


@pytest.fixture
def devlake() -> Iterator[FakeServer]:
    """An empty DevLake, reached directly, without a key."""
    with running(FakeServer()) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, devlake: FakeServer) -> Operator:
    """An operator with an own home, whose environment names DevLake."""
    return new_operator(tmp_path, devlake)

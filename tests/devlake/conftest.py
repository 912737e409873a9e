"""A DevLake for each test, and an operator who works with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.devlake_operator import Operator
from tests.helpers.fake_devlake_server import StandIn, running


@pytest.fixture
def devlake() -> Iterator[StandIn]:
    """An empty DevLake, reached directly, that asks for no key."""
    with running(StandIn()) as standin:
        yield standin


@pytest.fixture
def operator(tmp_path: Path, devlake: StandIn) -> Operator:
    """Somebody with a home of their own who knows where DevLake is."""
    return Operator(tmp_path, devlake)

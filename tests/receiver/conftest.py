"""The receiver that most of these tests talk to."""

from collections.abc import Iterator

import pytest
from receiving import Receiver, receiver_in


@pytest.fixture(scope="session")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver for all tests that only talk to it, each over a connection of its own."""
    with receiver_in(tmp_path_factory.mktemp("receiver")) as running:
        yield running


@pytest.fixture
def connection(receiver: Receiver) -> str:
    """The path of a connection that asks for no token."""
    return receiver.connect()

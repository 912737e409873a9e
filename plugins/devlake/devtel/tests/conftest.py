"""Fixtures: a server with recorded answers, and DevLake's database beside it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Lake, Server


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server with the recorded figures."""
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def lake(tmp_path: Path, server: Server) -> Lake:
    """An empty database beside a running server."""
    return Lake(tmp_path, server)


@pytest.fixture(autouse=True)
def _fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without pauses, in this process."""
    import devtel.client

    monkeypatch.setattr(devtel.client, "RETRY", devtel.client.RETRY.new(backoff_factor=0))

"""A healthy developer for each test of the doctor."""

from collections.abc import Iterator

import pytest

from devtelemetry_cli.commands.schedule import backends, job
from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.doctor_env import ReadOnlyEndpoint, equip


@pytest.fixture
def endpoint() -> Iterator[ReadOnlyEndpoint]:
    """An endpoint with the connection 1."""
    readable = ReadOnlyEndpoint()
    readable.answer("/plugins/developer_telemetry/connections/1")
    readable.answer("/version", body='{"version": "v1.2"}')
    yield readable
    readable.close()


@pytest.fixture
def patient(developer: Developer, endpoint: ReadOnlyEndpoint) -> Developer:
    """A developer who agreed to report to that endpoint, with a daily schedule."""
    equip(developer)
    developer.project_file(endpoint.url)
    developer.grant()
    backends.install(developer.environ, job.flush(developer.environ, DEVTEL))
    return developer

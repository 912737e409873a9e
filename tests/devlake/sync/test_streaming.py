"""Memory of a sync: pages and batches, never all answers."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from devtelemetry_cli.devlake.api.blueprints import rfc3339
from devtelemetry_cli.devlake.sync.options import saturday_before
from tests.helpers.devlake_operator import Operator
from tests.helpers.fake_devlake_server import FakeServer

TEXT = "x" * 15_000  # what DevLake tells of one repository
MIB = 1024 * 1024

# A process counts as its own what the one had that started it, and the tests have much: a small one comes between.
LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _fill(devlake: FakeServer, first: int, last: int) -> None:
    """Repositories that have their projects, and only have to be added, a hundred with each request."""
    time = rfc3339(saturday_before(datetime.now(UTC).date()))
    for number in range(first, last):
        key = devlake.lake.repository("github", 1, f"acme/{number}")
        devlake.lake.remote["github", 1][""][-1]["data"]["description"] = TEXT
        scopes = [{"pluginName": "github", "connectionId": 1, "scopes": [{"scopeId": key}]}]
        devlake.lake.blueprint(f"github/acme/{number}", timeAfter=time, connections=scopes)


def _peak(operator: Operator) -> float:
    """The most memory (MiB) that a whole `devtel devlake sync` took."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *operator.argv("sync")],
        cwd=operator.work,
        env=operator.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / MIB


@pytest.mark.slow
def test_two_thousand_more_repositories_take_less_memory_than_their_data(
    operator: Operator, devlake: FakeServer
) -> None:
    few, many = 300, 2300
    devlake.lake.connect("github")
    _fill(devlake, 0, few)
    at_first = _peak(operator)
    _fill(devlake, few, many)
    told = (many - few) * len(TEXT) / MIB
    assert _peak(operator) - at_first < 0.75 * told
    assert len(devlake.lake.scopes["github", 1]) == many

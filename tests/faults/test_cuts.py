"""Every file that devtel keeps, cut at every byte: nothing is made up, and nothing but a plain fault is raised."""

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from devtelemetry_cli import consent, send
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.commands import status
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.metrics import Environment
from tests.helpers.file_damage import FILES, the_file
from tests.helpers.report_endpoint import Endpoint, listening
from tests.helpers.worker import Worker, working_copy, write_template

PERIOD = [pytest.param(37, id="some"), pytest.param(1, id="all", marks=[pytest.mark.slow, pytest.mark.timeout(300)])]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with listening() as running:
        yield running


@pytest.fixture(scope="module")
def worker(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("workplace")
    write_template(folder / "template", endpoint)
    with working_copy(folder / "template", folder / "developer") as person:
        yield person


def previewed(worker: Worker) -> dict[str, int]:
    """The runs of each day as a flush would tell them now."""
    context = worker.context
    job = send.FlushOptions(context.state, context.environ, True, time.monotonic() + 60)
    job.__dict__["machine"] = MACHINE
    with suppress(DevtelError, OSError):
        return {report.date: report.runs for _, report in send.preview(job)}
    return {}


MACHINE = Environment("linux", "x86_64", 2, 4, "4.3", "0.1.0")


@pytest.mark.parametrize("step", PERIOD)
@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_makes_nothing_up(worker: Worker, name: str, step: int) -> None:
    path = the_file(worker, name)
    whole, runs = path.read_bytes(), previewed(worker)
    context = Context(worker.environ, StateDir(worker.state), project=str(worker.project / ".devtel.toml"))
    decided = consent.judge(context, time.time())
    try:
        for size in range(0, len(whole), step):
            path.write_bytes(whole[:size])
            assert_nothing_is_made_up(worker, name, runs, decided.grant)
    finally:
        path.write_bytes(whole)


def assert_nothing_is_made_up(worker: Worker, name: str, runs: dict[str, int], grant: str) -> None:
    """Never more runs than there were, nor an agreement that was not given; status always answers."""
    now = previewed(worker)
    told_again = name == "ledger entry"
    assert told_again or all(day in runs and count <= runs[day] for day, count in now.items())
    context = worker.context
    assert context.status is None or context.status.grant == grant
    answer = status.status(context, time.time(), "devtel")
    assert answer.consent in ("granted", "off", "undecided")

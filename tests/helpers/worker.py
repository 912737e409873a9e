"""A developer with every file that devtel keeps, working without root's rights: made once, copied for each test."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devtelemetry_cli.client.journal import reader
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from tests.helpers.developer import Developer, processes_of, wait_for
from tests.helpers.file_damage import DAY_BEFORE, TODAY, YESTERDAY
from tests.helpers.held_build import build, write_makefile
from tests.helpers.report_endpoint import Endpoint

# root reads and writes whatever it likes: as root, the work is done without that right, by setpriv(1).
UNPRIVILEGED = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []

WITHDRAWN = "6a1f0f4e-2f1c-4b7e-9d55-0c2a4f6e8b01"


@dataclass
class Worker(Developer):
    """A developer whose commands all begin with `enter`: unprivileged, by default."""

    enter: list[str] = field(default_factory=lambda: UNPRIVILEGED)

    def status(self) -> dict[str, object]:
        """The answer of `devtel status --json`, with the rights and in the place of the other commands."""
        answer: dict[str, object] = json.loads(self.devtel("status", "--json").stdout)
        return answer

    def recorded(self) -> int:
        """How many ends the journals hold, as far as they can be read."""
        files = [file for file in self.state.glob("journal/*/*/*.jsonl") if file.is_file()]
        return sum("duration" in record.__slots__ for file in files for record in reader.records(file, reader.Tally()))


def write_template(folder: Path, endpoint: Endpoint) -> None:
    """Make a workplace: a day that was acknowledged, one that was not, runs of today, and a file of every kind."""
    developer = Developer(folder)
    write_makefile(developer)
    developer.project_file(endpoint.url)
    developer.grant()
    developer.devtel("token", "set", input="s3cret\n")
    developer.add_runs(DAY_BEFORE, 2)
    write_makefile(developer)
    assert developer.devtel("flush").returncode == 0
    developer.add_runs(YESTERDAY, 3)
    assert build(developer, "work")[0] == 0
    elsewhere = f"{endpoint.base}/connections/2/report"
    (developer.state / "invitations.json").write_text('{"last": 1700000000, "times": {"elsewhere": 2}}')
    erasures.queue(StateDir(developer.state), erasures.Erasure(elsewhere, "elsewhere", WITHDRAWN))


@contextmanager
def working_copy(template: Path, folder: Path) -> Iterator[Worker]:
    """A copy of a workplace, used and left without a process behind."""
    worker = Worker(folder)
    shutil.copytree(template, worker.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin", "verdicts"))
    assert build(worker, "work")[0] == 0  # remembers the verdict of this place
    yield worker
    wait_for(lambda: not list(processes_of(worker.folder)))


def days() -> tuple[str, str, str]:
    """The day that was acknowledged, the one that was not, and today."""
    return DAY_BEFORE.isoformat(), YESTERDAY.isoformat(), TODAY.isoformat()

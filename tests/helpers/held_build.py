"""Shared by the tests of faults: a build that can be held, plain and wrapped, and the requests to the endpoint."""

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.developer import DEVTEL, Developer, processes_of, wait_for
from tests.helpers.report_endpoint import Request

# The same file and the same lines either way, so that even make's messages must be equal.
MAKEFILE = """\
ifdef PLAIN
DEVTEL = $(MAKE) --no-print-directory 'impl-$@'
else
DEVTEL = devtel wrap --make='$(MAKE)' -- '$@'
endif
work fail hold nap: FORCE
\t+@$(DEVTEL)
impl-work:
\t@echo working; echo warned >&2
impl-fail:
\t@echo failing; echo broken >&2; exit 3
impl-hold:
\t@touch started; read line < gate
impl-nap:
\t@sleep 0.3
FORCE:
"""
Outcome = tuple[int, str, str]


def write_makefile(developer: Developer) -> None:
    """Give the project the Makefile above."""
    (developer.project / "Makefile").write_text(MAKEFILE)


def build(developer: Developer, target: str, *, plain: bool = False, timeout: float = 10) -> Outcome:
    """Exit code, stdout and stderr of one make, which must not take longer than `timeout`."""
    environ = {**developer.environ, "PLAIN": "1"} if plain else developer.environ
    done = developer.make(target, env=environ, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


@contextmanager
def paused_build(developer: Developer, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run of the target `hold` that stands in its recipe until the block ends; whatever is left then ends too."""
    gate = developer.project / "gate"
    gate.unlink(missing_ok=True)
    (developer.project / "started").unlink(missing_ok=True)
    os.mkfifo(gate)
    before = starts(developer)
    keeper = os.open(gate, os.O_RDWR)  # so that neither side ever waits for the other to open
    running = subprocess.Popen(command or (DEVTEL, "wrap", "hold"), cwd=developer.project, env=developer.environ)
    try:
        wait_for((developer.project / "started").exists)
        wait_for(lambda: starts(developer) > before)
        yield running
    finally:
        os.write(keeper, b"\n" * 64)
        running.wait(20)
        wait_for(lambda: not list(processes_of(developer.folder)))
        os.close(keeper)


def starts(developer: Developer) -> int:
    """How many runs wrote their start."""
    return sum(record["event"] == "start" for record in developer.records())


def only_child(pid: int) -> int:
    """The one child of a process."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def sent_runs(requests: list[Request]) -> dict[str, list[int]]:
    """The runs of each day as the endpoint has them, over all host keys, after each body that came for it whole."""
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    days: dict[str, list[int]] = defaultdict(list)
    for request in requests:
        whole = len(request.body) == int(request.headers["content-length"])
        if whole and request.path.endswith("/report"):
            body = json.loads(request.body)
            rows[body["date"]][body["developer"]] = sum(body["metrics"]["commands"].values())
            days[body["date"]].append(sum(rows[body["date"]].values()))
    return dict(days)

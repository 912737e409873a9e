"""A sync of many repositories over three connections: requests against the fewest possible, memory and time.

The stand-in DevLake of the tests serves them, in a process of its own; what is measured is the real command. The
second sync finds all right and must write nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import machine
import tables
from tables import Table, count

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
GROUPS = 10  # and as many within them, for each of three connections: server.fill
ABOUT = """\
## `devtel devlake sync`

The whole command against the tests' stand-in DevLake on the loopback, in a process of its own: three connections that
share the repositories, in nested groups. The first sync adds all of them; the second finds all right and may write
nothing (the benchmark fails if it does). "Fewest possible" is worked out from the pages and batches that DevLake
offers, not from what was measured. The plan waits on disk, so the memory holds only what is needed to tell whether a
repository is there: its id, its project and its blueprint.

"""
WRITES = ("PUT", "POST", "PATCH")


@dataclass(frozen=True)
class Run:
    """One `devtel devlake sync`: its wall time, its peak memory and the requests it made, by method."""

    name: str
    seconds: float
    peak_mib: float
    requests: dict[str, int]

    @property
    def writes(self) -> int:
        """The requests that write."""
        return sum(self.requests.get(method, 0) for method in WRITES)

    @property
    def all(self) -> int:
        """All requests."""
        return sum(self.requests.values())


def main() -> None:
    """Measure and print."""
    asked = _words()
    about = machine.lines()
    runs: list[tuple[int, Run]] = []
    for size in asked.sizes:
        with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name, devlake(size) as server:
            if not runs:
                about.append(f"peak memory of `devtel devlake --help`: {measure(Path(name), ['--help'])[1]:.1f} MiB")
            for which in ("first", "second"):
                run = sync(Path(name), server, which)
                runs.append((size, run))
                assert which == "first" or run.writes == 0, "the second sync wrote something"
    _print(asked, about, [table(runs)])


def sync(home: Path, server: "Server", name: str) -> Run:
    """One sync by the real command."""
    server.asked()
    seconds, peak = measure(home, ["sync", "--url", server.url])
    return Run(name, seconds, peak, server.asked())


def measure(home: Path, words: list[str]) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a `devtel devlake` command."""
    command = [sys.executable, "-m", "devtelemetry_cli", "devlake", *words]
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "DEVTEL_HOME": str(home / "devtel")}
    with (home / "plan").open("wb") as plan, (home / "log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=plan, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    if status != 0:
        sys.exit(f"bench: it ended with {os.waitstatus_to_exitcode(status)}: {(home / 'log').read_text()}")
    return seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def fewest(size: int, which: str) -> tuple[int, int]:
    """The fewest requests that can do it, all and those that write, with the pages that DevLake offers.

    Reading: the version, the plugins, connections of 8 plugins, all blueprints and, for each connection, its test, its
    scope configs, scopes, and every page of every group. Writing: a scope config and the batches of new scopes for each
    connection, and for each repository its project and that project's blueprint.
    """
    sides = [size // 3 + (index < size % 3) for index in range(3)]
    there = size if which == "second" else 0
    lists = pages(there, 200) + sum(pages(there and side, 500) for side in sides)
    homes = [
        -(-side // (2 * GROUPS)) for side in sides
    ]  # the repositories of a group; an outer one holds another group
    remote = sum(1 + GROUPS * (pages(home + 1, 100) + pages(home, 100)) for home in homes)
    reads = 1 + 1 + 8 + lists + 3 + 3 + remote
    writes = 0 if which == "second" else sum(1 + -(-side // 100) for side in sides) + 2 * size
    return reads + writes, writes


def pages(items: int, size: int) -> int:
    """The requests that read a list of so many items."""
    return max(1, -(-items // size))


def table(runs: list[tuple[int, Run]]) -> Table:
    """All runs, one a row."""
    result = Table(
        "Syncing repositories over 3 connections",
        [
            "",
            "requests",
            "fewest possible",
            "writing",
            "fewest possible",
            "seconds",
            "ms a request",
            "peak memory (MiB)",
        ],
    )
    for size, run in runs:
        least, least_writes = fewest(size, run.name)
        cells = [count(number) for number in (run.all, least, run.writes, least_writes)]
        times = [f"{run.seconds:.1f}", f"{1000 * run.seconds / run.all:.2f}", f"{run.peak_mib:.1f}"]
        result.rows.append([f"{count(size)} repositories, {run.name} sync", *cells, *times])
    return result


@dataclass
class Server:
    """The stand-in as a process."""

    url: str
    process: subprocess.Popen[str]

    def asked(self) -> dict[str, int]:
        """The requests since the last time, by method."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def devlake(size: int) -> Iterator[Server]:
    """A stand-in with so many repositories."""
    words = [sys.executable, "-m", "tests.helpers.fake_devlake_server", str(size)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), process)
        finally:
            process.kill()


def _print(asked: argparse.Namespace, about: list[str], shown: list[Table]) -> None:
    text = tables.document(about, shown, ".venv/bin/python bench/devlake.py --write", asked.markdown or asked.write)
    if asked.write:
        tables.put_into(PAGE, "bench/devlake.py", ABOUT + text)
    else:
        print(text)


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], help="repositories (1000 10000)")
    words.add_argument("--markdown", action="store_true", help="the table in Markdown")
    words.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()

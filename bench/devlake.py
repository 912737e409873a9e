"""A sync of many repositories over three connections: requests against the fewest possible, memory and time.

The fake DevLake of the tests serves them, in a process of its own; what is measured is the real command. The second
sync finds nothing to do and must write nothing. In the third case the service behind one connection refuses its token,
and the one behind another is slow. Then one check of many blueprints by `devtel devlake monitor --once`.
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
GROUPS = 10  # and as many within them, for each of three connections: fake_devlake_server.fill
BLUEPRINTS = 590
SLOW = 0.2  # seconds
CASES = ("first sync", "second sync", "first sync, one connection dead, one slow")
ABOUT = f"""\
## `devtel devlake sync` and `monitor`

The whole command against the tests' fake DevLake on the loopback, in a process of its own, which answers as recorded
exchanges with a real one show: three connections that share the repositories, in nested groups. The first sync adds all
of them; the second finds nothing to do and may write nothing (the benchmark fails if it does). In the third case the
service behind one connection refuses its token (it is reported, and the exit code is 1), and the one behind another
takes {SLOW} s for each page. "Fewest possible" follows from the pages and batches that DevLake offers, not from a
measurement. The plan waits on disk, so the memory holds only the id, project and blueprint of each repository.

"""
WRITES = ("PUT", "POST", "PATCH")  # DevLake's test of a connection is a POST too, counted apart: it changes nothing


@dataclass(frozen=True)
class Cost:
    """Wall time and processor time in seconds, and peak memory in MiB, of one command."""

    seconds: float
    cpu: float
    peak: float

    def cells(self) -> list[str]:
        """Its cells in a table."""
        return [f"{self.seconds:.1f}", f"{self.cpu:.1f}", f"{self.peak:.1f}"]


COST_HEADS = ["seconds", "processor seconds", "peak memory (MiB)"]


@dataclass(frozen=True)
class Run:
    """One `devtel devlake sync`: its cost and the requests it made, by method."""

    name: str
    cost: "Cost"
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
        with (
            tempfile.TemporaryDirectory(prefix="devtel-bench-") as name,
            devlake("--repositories", str(size)) as server,
        ):
            if not runs:
                about.append(f"peak memory of `devtel devlake --help`: {measure(Path(name), ['--help']).peak:.1f} MiB")
            for case in CASES[:2]:
                run = sync(Path(name), server, case)
                runs.append((size, run))
                assert case == CASES[0] or run.writes == 0, "the second sync wrote something"
    size = asked.sizes[-1]
    with (
        tempfile.TemporaryDirectory(prefix="devtel-bench-") as name,
        devlake("--repositories", str(size), "--dead", "--slow", str(SLOW)) as server,
    ):
        runs.append((size, sync(Path(name), server, CASES[2], code=1)))
    _print(asked, about, [table(runs), monitor()])


def sync(home: Path, server: "Server", name: str, code: int = 0) -> Run:
    """One sync by the real command."""
    server.asked()
    cost = measure(home, ["sync", "--url", server.url], code)
    return Run(name, cost, server.asked())


def monitor() -> Table:
    """One check of many blueprints, each with three pipelines."""
    result = Table("Checking blueprints once", ["", "requests", *COST_HEADS])
    with (
        tempfile.TemporaryDirectory(prefix="devtel-bench-") as name,
        devlake("--blueprints", str(BLUEPRINTS)) as server,
    ):
        cost = measure(Path(name), ["monitor", "--once", "--url", server.url])
        requests = sum(server.asked().values())
    result.rows.append([f"{count(BLUEPRINTS)} blueprints", count(requests), *cost.cells()])
    return result


def measure(home: Path, words: list[str], code: int = 0) -> Cost:
    """The cost of a `devtel devlake` command, which ends with that exit code."""
    command = [sys.executable, "-m", "devtelemetry_cli", "devlake", *words]
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "DEVTEL_HOME": str(home / "devtel")}
    with (home / "plan").open("wb") as plan, (home / "log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=plan, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    if os.waitstatus_to_exitcode(status) != code:
        sys.exit(f"bench: it ended with {os.waitstatus_to_exitcode(status)}: {(home / 'log').read_text()}")
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


def fewest(size: int, case: str) -> tuple[int, int]:
    """The fewest requests that can do it, all and those that write, with the pages that DevLake offers.

    Reading: the version, the plugins, connections of 8 plugins, all blueprints and, for each connection, its test, its
    scope configs, scopes, and every page of every group; of a dead connection no group. Writing: a scope config and
    the batches of new scopes for each connection, and for each repository its project and that project's blueprint.
    """
    sides = [sum(len(range(GROUPS * index + group, size, 3 * GROUPS)) for group in range(GROUPS)) for index in range(3)]
    there = size if case == CASES[1] else 0
    lists = pages(there, 200) + sum(pages(there and side, 500) for side in sides)
    alive = [side for index, side in enumerate(sides) if case != CASES[2] or index != 1]
    homes = [-(-side // (2 * GROUPS)) for side in alive]  # repositories of a group; an outer one contains a group too
    remote = sum(1 + GROUPS * (pages(home + 1, 100) + pages(home, 100)) for home in homes)
    reads = 1 + 1 + 8 + lists + 3 + 3 + remote
    writes = 0 if case == CASES[1] else sum(1 + -(-side // 100) + 2 * side for side in alive)
    return reads + writes, writes


def pages(items: int, size: int) -> int:
    """The requests that read a list of so many items."""
    return max(1, -(-items // size))


def table(runs: list[tuple[int, Run]]) -> Table:
    """All runs, one a row."""
    heads = ["", "requests", "fewest possible", "writing", "fewest possible", *COST_HEADS]
    result = Table("Syncing repositories over 3 connections", heads)
    for size, run in runs:
        least, least_writes = fewest(size, run.name)
        cells = [count(number) for number in (run.all, least, run.writes, least_writes)]
        result.rows.append([f"{count(size)} repositories, {run.name}", *cells, *run.cost.cells()])
    return result


@dataclass
class Server:
    """The fake DevLake as a process."""

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
def devlake(*options: str) -> Iterator[Server]:
    """A fake DevLake with this content."""
    words = [sys.executable, "-m", "tests.helpers.fake_devlake_server", *options]
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

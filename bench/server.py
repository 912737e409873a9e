"""What `devtel serve` takes: reports per second and waiting times, for each database, beside a bare application.

The bare one is one route of the same framework on the same server, with the same HTTP parser, that reads the body and
answers the same bytes: what no report endpoint of that framework can beat. Load comes from `wrk` (Debian's package of
that name), a process of its own; every request is another developer's report of two targets. In each round the bare
application and devtel take turns, with one worker and with two, so what else the machine does hits all of them.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import machine
import tables
import transactions
from tables import Table, median, ratio

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
sys.path.insert(0, str(ROOT))

CONNECTIONS = (1, 8, 64)
READ_AS = [
    "one connection alone waits for a commit at every report: the database's time, which the bare one does not spend",
    "with more connections, what waits together is committed together; devtel, the database and wrk share the cores",
    "the bare application has one process in all of the tables",
]
MANY = 100_000
BARE, WORKERS = 0, (1, 2)  # the rivals, by how many workers of devtel they have
BARE_SOURCE = """
import sys, uvicorn
from fastapi import FastAPI, Request, Response
app = FastAPI(openapi_url=None)
ANSWER = b'{"code":0,"success":true,"message":"telemetry data received successfully","causes":null,"data":null}'
@app.post("/plugins/developer_telemetry/connections/{id}/report")
async def report(request: Request):
    await request.body()
    return Response(ANSWER, media_type="application/json")
uvicorn.run(app, port=int(sys.argv[1]), http="h11", log_level="warning", access_log=False, lifespan="off", ws="none")
"""
TARGET = {
    **{"project": "api", "target": "dev.up", "runs": 3, "failures": 1, "interrupted": 0, "lost": 0},
    **{"waited_seconds": 12.5, "duration_total": 12.5, "duration_max": 6.1, "durations": {"3": 2, "9": 1}},
    **{
        "exit_codes": {"0": 2, "2": 1},
        "checkouts": [{"branch": "default", "age_days": "1-7", "runs": 3, "failures": 1}],
    },
}
MACHINE = {"os": "linux", "architecture": "x86_64", "cores": 8, "memory_gib": 16, "make": "4.3", "devtel": "0.1.0"}
REPORT = {
    **{"date": "2026-01-02", "developer": "DEVELOPER.host", "email": "", "name": "", "hostname": "host"},
    "metrics": {
        **{"active_hours": 8, "tools_used": ["git", "make"], "commands": {"make dev.up": 3}, "projects": ["api"]},
        **{"schema": 1, "revision": 9, "environment": MACHINE, "targets": [TARGET, TARGET | {"target": "test"}]},
    },
}
LUA = """
local before, after, n = [==[%s]==], [==[%s]==], 0
local who = "%s"
request = function()
  n = n + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, before .. who .. "-" .. n .. after)
end
"""


class Load(NamedTuple):
    """Results of wrk: requests per second, milliseconds of the 50th and 99th of 100, and answers other than 200."""

    rate: float
    p50: float
    p99: float
    failed: int


Loads = dict[tuple[int, int], list[Load]]  # by rival and connections


def main() -> None:
    """Measure and print."""
    asked = _words()
    if not shutil.which("wrk"):
        sys.exit("bench: wrk is missing; Debian's package is called wrk.")
    with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name:
        about = [*machine.lines(), f"a write that reaches the disk: {fsync_ms(Path(name)):.1f} ms", _load_words(asked)]
        about += READ_AS
        measured = {kind: measure(kind, Path(name), asked) for kind in asked.databases}
        memory = {} if asked.no_memory else {"sqlite": memory_after(Path(name), MANY)}
        alone = {kind: transactions_of(kind, Path(name)) for kind in asked.databases}
    shown = [table_of(kind, workers, loads) for kind, loads in measured.items() for workers in WORKERS]
    shown.append(transactions_table(alone, measured))
    if memory:
        shown.append(memory_table(memory))
    again = f".venv/bin/python bench/server.py --rounds {asked.rounds} --seconds {asked.seconds} --write"
    text = tables.document(about, shown, again, asked.write)
    if asked.write:
        tables.put_into(PAGE, "bench/server.py", text)
    else:
        print(text)


def measure(kind: str, folder: Path, asked: argparse.Namespace) -> Loads:
    """Every number of connections, some rounds, the rivals in turn."""
    loads: Loads = {}
    with running(kind, folder) as served:
        rivals = {BARE: served.bare, **served.devtel}
        for url in rivals.values():
            load(url, 8, 1, folder)  # what is compiled, prepared and cached by the first requests
        for _ in range(asked.rounds):
            for connections in CONNECTIONS:
                for workers, url in rivals.items():
                    loads.setdefault((workers, connections), []).append(load(url, connections, asked.seconds, folder))
    return loads


def transactions_of(kind: str, folder: Path) -> list[float]:
    """The database's time alone (transactions.milliseconds)."""
    with database_of(kind, folder) as (_, url):
        return transactions.milliseconds(url, REPORT)


def memory_after(folder: Path, reports: int) -> tuple[float, float, int]:
    """MiB in use before and after that many reports, and how many there were."""
    with running("sqlite", folder) as served:
        ours, pid = served.devtel[1], served.pid
        before, sent = resident_mib(pid), 0.0
        while sent < reports:
            began = time.monotonic()
            sent += load(ours, 64, 10, folder).rate * 10
            if time.monotonic() - began > 60:
                break
        return before, resident_mib(pid), int(sent)


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address of an empty database, for as long as it is used."""
    from tests.helpers.db_server import new_database, server  # noqa: PLC0415 - the tests' own, on the path since above

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        if kind == "sqlite":
            yield home, f"sqlite:///{home}/reports.db"
        else:
            yield home, stack.enter_context(new_database(server(kind, folder, "durable")))


class Served(NamedTuple):
    """The report paths: of the bare application, of devtel by its workers, and the process of the one with one."""

    bare: str
    devtel: dict[int, str]
    pid: int


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Served]:
    """All rivals, devtel's over one database."""
    from tests.helpers.db_keeper import free_port  # noqa: PLC0415

    with ExitStack() as stack:
        home, url = stack.enter_context(database_of(kind, folder))
        environment = os.environ | {"DEVTEL_HOME": str(home), "DEVTEL_DATABASE": url}
        devtel = [sys.executable, "-m", "devtelemetry_cli", "serve"]
        add = [*devtel, "--add-connection", "bench"]
        path = subprocess.run(add, env=environment, capture_output=True, text=True, check=True).stdout.strip()
        commands = [[sys.executable, "-c", BARE_SOURCE]]
        commands += [[*devtel, "--log", "none", "--workers", str(workers), "--port"] for workers in WORKERS]
        urls, pids = [], []
        for command in commands:
            port = free_port()
            process = subprocess.Popen([*command, str(port)], env=environment, stderr=subprocess.DEVNULL)
            stack.enter_context(process)
            stack.callback(process.terminate)
            urls.append(f"http://127.0.0.1:{port}{path}")
            pids.append(process.pid)
        for address in urls:
            wait_until_it_answers(address)
        yield Served(urls[0], dict(zip(WORKERS, urls[1:], strict=True)), pids[1])


def wait_until_it_answers(url: str) -> None:
    """Until something listens there."""
    import httpx  # noqa: PLC0415

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            httpx.post(url, content=b"{}", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"bench: nothing answers at {url}")


def load(url: str, connections: int, seconds: int, folder: Path) -> Load:
    """Results of wrk with so many connections, each of which waits for its answer."""
    script = folder / "report.lua"
    before, after = json.dumps(REPORT).split("DEVELOPER")
    script.write_text(LUA % (before, after, f"{time.monotonic_ns():x}"), encoding="utf-8")
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s", str(script), url]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Load(
        float(_found(r"Requests/sec:\s+([\d.]+)", told)[1]),
        _milliseconds(_found(r"50%\s+([\d.]+)(us|ms|s)", told)),
        _milliseconds(_found(r"99%\s+([\d.]+)(us|ms|s)", told)),
        int(failed[1]) if failed else 0,
    )


def table_of(kind: str, workers: int, loads: Loads) -> Table:
    """Both rivals at every number of connections."""
    heads = ["connections", "reports a second", "p50 (ms)", "p99 (ms)", "bare: requests a second", "p50", "p99"]
    processes = "one worker" if workers == 1 else f"`--workers {workers}`"
    title = f"{kind}: `devtel serve` with {processes}, beside the bare application"
    table = Table(title, [*heads, "share of the bare one"])
    for connections in CONNECTIONS:
        ours, bare = loads[workers, connections], loads[BARE, connections]
        assert not sum(one.failed for one in (*ours, *bare)), "some were not answered 200"
        cells = [f"{connections}", *_cells(ours), *_cells(bare)]
        share = ratio([one.rate for one in ours], [one.rate for one in bare])
        table.rows.append([*cells, f"{share:.0%}"])
    return table


def transactions_table(alone: dict[str, list[float]], measured: dict[str, Loads]) -> Table:
    """The database's time without a server, and the share that one connection could reach at most."""
    reports = [f"{count} report{'s' if count > 1 else ''}" for count in transactions.BATCHES]
    heads = ["", "one row, by the driver alone", *reports, "most that one connection can reach", "with one row"]
    table = Table("Transactions alone, nothing else running (ms), and what they leave of the bare one's rate", heads)
    for kind, (row, *ours) in alone.items():
        bare = 1000 / median([one.rate for one in measured[kind][BARE, 1]])  # milliseconds of a request
        shares = [f"{bare / (bare + spent):.0%}" for spent in (ours[0], row)]
        table.rows.append([kind, *(f"{spent:.2f}" for spent in (row, *ours)), *shares])
    return table


def memory_table(measured: dict[str, tuple[float, float, int]]) -> Table:
    """Memory of one process."""
    table = Table("Resident memory of the process (MiB)", ["", "before", "after", "reports between"])
    for kind, (before, after, reports) in measured.items():
        table.rows.append([kind, f"{before:.0f}", f"{after:.0f}", tables.count(reports)])
    return table


def fsync_ms(folder: Path) -> float:
    """The median of what a commit waits for on this disk at the least."""
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(40):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return median(times)


def resident_mib(pid: int) -> float:
    """VmRSS of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(_found(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def _cells(loads: list[Load]) -> list[str]:
    return [
        f"{median(values):.{digits}f}"
        for values, digits in zip(list(zip(*loads, strict=True))[:3], (0, 1, 1), strict=True)
    ]


def _found(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    assert found, f"no {pattern} in: {text}"
    return found


def _milliseconds(found: re.Match[str]) -> float:
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def _load_words(asked: argparse.Namespace) -> str:
    version = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return f"load: {version.split('[')[0].strip()}, one thread, {asked.rounds} rounds of {asked.seconds} s"


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--seconds", type=int, default=5, help="of each load (5)")
    words.add_argument("--databases", nargs="+", default=["sqlite", "postgresql", "mariadb"])
    words.add_argument("--no-memory", action="store_true", help=f"leave out the memory after {MANY} reports")
    words.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()

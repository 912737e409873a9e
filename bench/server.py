"""The load that `devtel serve` bears with one worker, on each database.

The figure that matters is the peak of a fleet: 100,000 developers send 28 reports a second in their busiest hour, each
over a connection of its own. The load is open: reports are due at a fixed rate, and their time counts from when they
were due, so that a slow answer also delays those behind it. Beside it, the most reports a second that connections take
which each wait for their answer (`wrk`, Debian's package of that name), and a bare application of the same framework
that reads the body and answers the same bytes.
"""

import argparse
import asyncio
import itertools
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
from urllib.parse import urlsplit

import machine
import tables
from tables import Table, median

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
sys.path.insert(0, str(ROOT))

CONNECTIONS = (1, 8, 64)
RATES = (28, 280)  # reports a second: a fleet of 100,000 developers in its busiest hour, and ten times that
READ_AS = [
    "p50, p99, slowest: from when a report was due to the end of its answer, each over a new connection",
    "devtel, the database and the load share the cores; one worker",
    "reports a second at most: connections that each wait for their answer and stay open",
]
MANY = 100_000
BARE, DEVTEL = "bare", "devtel"
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


class Open(NamedTuple):
    """Milliseconds of answers to an open load: the 50th and 99th of 100, the slowest, and the number not 200."""

    p50: float
    p99: float
    slowest: float
    failed: int


class Measured(NamedTuple):
    """The results of one database."""

    opened: dict[int, Open]  # by rate
    loads: dict[tuple[str, int], list[Load]]  # by rival and connections


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
    shown = [peak_table(measured), most_table(measured)]
    if memory:
        shown.append(memory_table(memory))
    again = f".venv/bin/python bench/server.py --rounds {asked.rounds} --seconds {asked.seconds} --write"
    text = tables.document(about, shown, again, asked.write)
    if asked.write:
        tables.put_into(PAGE, "bench/server.py", text)
    else:
        print(text)


def measure(kind: str, folder: Path, asked: argparse.Namespace) -> Measured:
    """The open load at each rate, then every number of connections, some rounds, the rivals in turn."""
    loads: dict[tuple[str, int], list[Load]] = {}
    with running(kind, folder) as served:
        rivals = {BARE: served.bare, DEVTEL: served.devtel}
        for url in rivals.values():
            load(url, 8, 1, folder)  # compiling, preparing and caching by the first requests
        opened = {rate: asyncio.run(open_load(served.devtel, rate, asked.open_seconds)) for rate in RATES}
        for _ in range(asked.rounds):
            for connections in CONNECTIONS:
                for rival, url in rivals.items():
                    loads.setdefault((rival, connections), []).append(load(url, connections, asked.seconds, folder))
    return Measured(opened, loads)


async def open_load(url: str, rate: int, seconds: int) -> Open:
    """Reports that are due at a fixed rate, whatever becomes of those before."""
    host, port, path = _parts(url)
    began, count = time.perf_counter(), rate * seconds
    names = (f"open{rate}-{time.monotonic_ns():x}-{number}.host" for number in itertools.count())

    async def send(number: int) -> tuple[float, bool]:
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        body = json.dumps(REPORT | {"developer": next(names)}).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n"
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        answer = await reader.read()
        writer.close()
        return (time.perf_counter() - due) * 1000, answer.startswith(b"HTTP/1.1 200")

    answers = await asyncio.gather(*(send(number) for number in range(count)))
    times = sorted(milliseconds for milliseconds, _ in answers)
    return Open(times[count // 2], times[count * 99 // 100], times[-1], sum(not ok for _, ok in answers))


def _parts(url: str) -> tuple[str, int, str]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80), parts.path


def memory_after(folder: Path, reports: int) -> tuple[float, float, int]:
    """MiB in use before and after that many reports, and how many there were."""
    with running("sqlite", folder) as served:
        ours, pid = served.devtel, served.pid
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
    """The report URLs of the bare application and of devtel, and devtel's process."""

    bare: str
    devtel: str
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
        commands += [[*devtel, "--log", "none", "--port"]]
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
        yield Served(urls[0], urls[1], pids[1])


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


def peak_table(measured: dict[str, Measured]) -> Table:
    """The open load at each rate."""
    heads = [f"{rate} a second: {what}" for rate in RATES for what in ("p50 (ms)", "p99 (ms)", "slowest (ms)")]
    table = Table("A fleet's busiest hour (28 a second for 100,000 developers), and ten times that", ["", *heads])
    for kind, one in measured.items():
        assert not sum(opened.failed for opened in one.opened.values()), "some were not answered 200"
        table.rows.append([kind, *(f"{value:.1f}" for rate in RATES for value in one.opened[rate][:3])])
    return table


def most_table(measured: dict[str, Measured]) -> Table:
    """The most that waiting connections reach."""
    heads = [f"{connections} connections{what}" for connections in CONNECTIONS for what in ("", ", bare")]
    table = Table("Reports a second at most, beside requests a second of the bare application", ["", *heads])
    for kind, one in measured.items():
        pairs = [one.loads[rival, connections] for connections in CONNECTIONS for rival in (DEVTEL, BARE)]
        assert not sum(each.failed for loads in pairs for each in loads), "some were not answered 200"
        table.rows.append([kind, *(f"{median([each.rate for each in loads]):.0f}" for loads in pairs)])
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
    words.add_argument("--open-seconds", type=int, default=30, help="of each open load (30)")
    words.add_argument("--databases", nargs="+", default=["sqlite", "postgresql", "mariadb"])
    words.add_argument("--no-memory", action="store_true", help=f"leave out the memory after {MANY} reports")
    words.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()

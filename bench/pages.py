"""The cost of the team's pages: the overview over a year of reports, and publishing.

The database is filled with rows as `devtel serve` keeps them, then published as at its first start, then served. Sizes
grow in two ways: ten times the developers are ten times the rows, ten times the targets also ten times the cells.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
from sqlalchemy import create_engine, delete, func, insert, select, text, update

import machine
import tables
from devtelemetry_cli.server.db.database import open_database
from devtelemetry_cli.server.db.tables import daily_metrics, reports, target_metrics, team_cells, team_weeks
from devtelemetry_cli.server.team.cells import monday
from devtelemetry_cli.server.team.publishing import publish
from tables import Table, median

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
sys.path.insert(0, str(ROOT))

DAYS, ROUNDS, BATCH = 365, 15, 20_000
TODAY = datetime.now(UTC).date()
ADDRESSES = {
    "overview, 12 weeks": "/",
    "overview, the year": f"/?from={TODAY - timedelta(days=DAYS)}",
    "a target, the year": f"/target?project=shop&target=target-1&from={TODAY - timedelta(days=DAYS)}",
}
PLAN_OF = (
    "SELECT c.* FROM devtel_team_cells c JOIN devtel_team_weeks w"
    " ON c.connection_id = w.connection_id AND c.week = w.week WHERE w.k >= 3 AND c.week BETWEEN '{first}' AND '{last}'"
)


class Size(NamedTuple):
    """How much is stored."""

    developers: int
    targets: int

    def __str__(self) -> str:
        return f"{self.developers:,} developers, {self.targets} targets"


class Answers(NamedTuple):
    """Milliseconds of each answer, milliseconds of the server's processor per answer, and the bytes of one."""

    times: list[float]
    processor: float
    weight: int


class Measured(NamedTuple):
    """Rows and cells, seconds to publish them all, the answers of each address, and the plan of the cells' query."""

    rows: int
    cells: int
    published: float
    answers: dict[str, Answers]
    plan: str


def main() -> None:
    """Measure and print."""
    asked = _words()
    sizes = [Size(*map(int, one.split("x"))) for one in asked.sizes]
    with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name:
        measured = {
            (kind, size): measure(kind, size, Path(tempfile.mkdtemp(dir=name)), asked.quick)
            for size in sizes
            for kind in asked.databases
        }
    shown = [_table(measured), _growth(measured)]
    about = [*machine.lines(), f"each answer: the median and the slowest of {ROUNDS}, by HTTP, a warm server"]
    about += [f"plan on {kind}: `{measured[kind, sizes[-1]].plan}`" for kind in asked.databases]
    again = ".venv/bin/python bench/pages.py --write"
    document = tables.document(about, shown, again, asked.write)
    if asked.write:
        tables.put_into(PAGE, "bench/pages.py", document)
    else:
        print(document)


def measure(kind: str, size: Size, folder: Path, quick: bool) -> Measured:
    """Fill, publish and ask."""
    with ExitStack() as stack:
        url = stack.enter_context(_database(kind, folder))
        database = open_database(url)
        stack.callback(database.close)
        rows = fill(url, size, 7 if quick else DAYS)
        began = time.perf_counter()
        publish(database, 3, TODAY, everything=True, stopped=lambda: False)
        published = time.perf_counter() - began
        if quick:
            repeat_week(url)
        base, server = stack.enter_context(_server(url, folder))
        answers = {name: _ask(f"{base}{address}", server) for name, address in ADDRESSES.items()}
        engine = create_engine(url)
        stack.callback(engine.dispose)
        with engine.connect() as db:
            cells = db.scalar(text("SELECT count(*) FROM devtel_team_cells")) or 0
            plan = _plan(db, kind)
        return Measured(rows, cells, published, answers, plan)


def fill(url: str, size: Size, days: int) -> int:
    """The last days of every developer, with every target on each; how many rows of targets."""
    chance = random.Random(1)  # noqa: S311 - lengths of builds
    made = [_measures(chance) for _ in range(200)]
    engine = create_engine(url)
    if url.startswith("sqlite"):
        with engine.connect() as db:
            db.exec_driver_sql("PRAGMA journal_mode=WAL")
    count = 0
    for first in range(0, days, 5):
        with engine.begin() as db:
            for ago in range(first, min(first + 5, days)):
                count += _fill_day(db, size, ago, made)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE" if not url.startswith("mariadb") else "ANALYZE TABLE devtel_target_metrics"))
    engine.dispose()
    return count


def repeat_week(url: str) -> None:
    """Copy the cells of the fullest week to every other of the year: pages read cells only."""
    engine = create_engine(url)
    weeks = [monday(TODAY) - timedelta(weeks=ago) for ago in range(DAYS // 7 + 1)]
    with engine.begin() as db:
        fullest = (
            select(team_cells.c.week).group_by(team_cells.c.week).order_by(func.sum(team_cells.c.developers).desc())
        )
        whole = db.scalars(fullest).first()
        for table in (team_cells, team_weeks):
            rows = [dict(row._mapping) for row in db.execute(select(table).where(table.c.week == whole))]
            db.execute(delete(table))
            db.execute(insert(table), [row | {"week": week} for week in weeks for row in rows])
        db.execute(update(team_weeks).values(state="closed"))
    engine.dispose()


def _fill_day(db: Any, size: Size, ago: int, made: list[dict[str, Any]]) -> int:
    day, now = TODAY - timedelta(days=ago), datetime.now(UTC).replace(tzinfo=None)
    keys = [
        {"connection_id": 1, "developer_id": f"{number:032x}.host", "date": day} for number in range(size.developers)
    ]
    plugin = {
        **dict.fromkeys(("email", "name", "hostname", "os_info"), ""),
        **dict.fromkeys(("tools_used", "project_context"), "[]"),
        **{"command_counts": "{}", "active_hours": 8, "created_at": now, "updated_at": now},
    }
    ours = {
        **dict.fromkeys(("os", "architecture", "make", "devtel"), ""),
        **{"cores": 8, "memory_gib": 16, "schema": 1, "revision": 1, "received_at": now},
    }
    db.execute(insert(daily_metrics), [key | plugin for key in keys])
    db.execute(insert(reports), [key | ours | {"anonymous_id": key["developer_id"][:32]} for key in keys])
    rows = [
        key
        | {"project": f"{('shop', 'search')[target % 2 - 1]}", "target": f"target-{target}"}
        | made[(number + target) % 200]
        for number, key in enumerate(keys)
        for target in range(1, size.targets + 1)
    ]
    for first in range(0, len(rows), BATCH):
        db.execute(insert(target_metrics), rows[first : first + BATCH])
    return len(rows)


def _measures(chance: random.Random) -> dict[str, Any]:
    runs = chance.randint(1, 8)
    durations: dict[str, int] = {}
    for _ in range(runs):
        bucket = str(round(chance.gauss(20, 6)))
        durations[bucket] = durations.get(bucket, 0) + 1
    failures = chance.randint(0, runs // 2)
    place = {"branch": chance.choice(["default", "other"]), "age_days": "1-7", "runs": runs, "failures": failures}
    return {
        **{"runs": runs, "failures": failures, "interrupted": 0, "lost": 0},
        **{"waited_seconds": 40.5 * runs, "duration_total": 40.5 * runs, "duration_max": 60.0},
        **{"durations": json.dumps(durations), "checkouts": json.dumps([place])},
        "exit_codes": json.dumps({"0": runs - failures, "2": failures}),
    }


def _ask(url: str, server: psutil.Process) -> Answers:
    """The answers of a warm server."""
    with httpx.Client(timeout=120) as client:
        for _ in range(2):
            weight = len(client.get(url).raise_for_status().content)
        times, busy = [], sum(server.cpu_times()[:2])
        for _ in range(ROUNDS):
            began = time.perf_counter()
            client.get(url).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    return Answers(times, (sum(server.cpu_times()[:2]) - busy) * 1000 / ROUNDS, weight)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    from tests.helpers.db_server import new_database, server  # noqa: PLC0415 - the tests' own, on the path since above

    if kind == "sqlite":
        yield f"sqlite:///{folder}/reports.db"
        (folder / "reports.db").unlink()
    else:
        with new_database(server(kind, folder.parent, "durable")) as url:
            yield url


@contextmanager
def _server(url: str, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    from tests.helpers.db_keeper import free_port  # noqa: PLC0415

    port = free_port()
    environment = os.environ | {"DEVTEL_HOME": str(folder), "DEVTEL_DATABASE": url, "DEVTEL_RETENTION_DAYS": "0"}
    words = [sys.executable, "-m", "devtelemetry_cli", "serve", "--port", str(port), "--log", "none"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL) as process:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{base}/readyz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        time.sleep(3)  # its own first look at every week
        yield base, psutil.Process(process.pid)
        process.terminate()


def _plan(db: Any, kind: str) -> str:
    query = PLAN_OF.format(first=TODAY - timedelta(weeks=12), last=TODAY)
    told = db.execute(text(f"{'EXPLAIN QUERY PLAN' if kind == 'sqlite' else 'EXPLAIN'} {query}")).all()
    return " / ".join(str(row[-1]).strip() for row in told)


def _table(measured: dict[tuple[str, Size], Measured]) -> Table:
    table = Table(
        "Answers of a warm server: median (slowest) in ms, ms of the server's processor, weight",
        ["stored for 365 days", *ADDRESSES],
    )
    for (kind, size), one in measured.items():
        cells = [
            f"{median(it.times):.0f} ({max(it.times):.0f}), {it.processor:.0f}, {it.weight / 1000:.0f} KB"
            for it in one.answers.values()
        ]
        table.rows.append([f"{kind}: {size}", *cells])
    return table


def _growth(measured: dict[tuple[str, Size], Measured]) -> Table:
    heads = ["", "rows of targets", "cells", "publishing all of them (s)", "rows a second"]
    table = Table("What is stored, and the first publishing of everything", heads)
    for (kind, size), one in measured.items():
        each = [tables.count(one.rows), tables.count(one.cells), f"{one.published:.0f}"]
        table.rows.append([f"{kind}: {size}", *each, tables.count(round(one.rows / one.published))])
    return table


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sizes", nargs="+", default=["100x20", "1000x20", "30x200"], help="DEVELOPERSxTARGETS")
    words.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    words.add_argument("--quick", action="store_true", help="publish one week, and copy its cells to the others")
    words.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()

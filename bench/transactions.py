"""A database's time by itself: a commit of one row by its driver, and commits of devtel's reports.

At one connection an answer takes at least as long as its transaction and its HTTP one after the other.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from tables import median

BATCHES = (1, 8, 64)
ROUNDS = 200


def milliseconds(url: str, report: dict[str, Any]) -> list[float]:
    """The median of one row's transaction by the driver alone, then those of as many reports as BATCHES say."""
    return [_median(_one_row(url)), *(_median(_reports(url, report, count)) for count in BATCHES)]


def _median(again: Iterator[Callable[[], object]]) -> float:
    times = []
    for work in itertools.islice(again, ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return median(times[ROUNDS // 10 :])


def _one_row(url: str) -> Iterator[Callable[[], object]]:
    from devtelemetry_cli.server.db.engine import make_engine, parse  # noqa: PLC0415

    engine = make_engine(parse(url))
    with engine.connect() as db:
        db.exec_driver_sql("CREATE TABLE one_row (number BIGINT)")
        db.commit()
    raw = engine.raw_connection()
    cursor = raw.cursor()

    def write() -> None:
        if engine.dialect.name == "sqlite":  # its driver is told not to begin by itself
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("INSERT INTO one_row VALUES (1)")
        raw.commit()

    try:
        while True:
            yield write
    finally:
        raw.close()
        engine.dispose()


def _reports(url: str, report: dict[str, Any], count: int) -> Iterator[Callable[[], object]]:
    from devtelemetry_cli.server.auth import Key  # noqa: PLC0415
    from devtelemetry_cli.server.db.connections import NewConnection, ensure  # noqa: PLC0415
    from devtelemetry_cli.server.db.database import open_database  # noqa: PLC0415
    from devtelemetry_cli.server.ingest.batch import Received, store_batch  # noqa: PLC0415
    from devtelemetry_cli.server.throttle import ReportThrottle  # noqa: PLC0415

    database = open_database(url)
    connection = database.write(lambda db: ensure(db, NewConnection("transactions", "bench")))
    numbers, throttle = itertools.count(), ReportThrottle()
    try:
        with database.keep() as kept:
            while True:
                who = [f"t{count}-{next(numbers)}.host" for _ in range(count)]
                told = [
                    Received(connection, json.dumps(report | {"developer": one}).encode(), Key(None, is_trusted=True))
                    for one in who
                ]
                yield lambda told=told: kept.write(lambda db: store_batch(db, b"key", throttle, dict(enumerate(told))))  # type: ignore[misc]
    finally:
        database.close()

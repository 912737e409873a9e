"""A database server that is stopped and started again."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from tests.helpers import db_keeper
from tests.helpers.db_server import PROGRAMS
from tests.helpers.report_server import CONNECTIONS, start_server, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that a server without root's rights can reach: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="devtel-restart-") as name:
        if db_keeper.UNPRIVILEGED:
            os.chown(name, db_keeper.UNPRIVILEGED.pw_uid, db_keeper.UNPRIVILEGED.pw_gid)
        yield Path(name)


@contextmanager
def running(serve: list[str], place: Path, url: str) -> Iterator[None]:
    """The server, from when it answers until it was stopped in order."""
    unprivileged = {"user": db_keeper.UNPRIVILEGED.pw_uid, "group": db_keeper.UNPRIVILEGED.pw_gid, "extra_groups": []}
    options = unprivileged if db_keeper.UNPRIVILEGED else {}
    with (place / "log").open("ab") as log:
        server = subprocess.Popen(serve, stdout=log, stderr=log, cwd=place, **options)
        try:
            wait_for(lambda: answers(url))
            yield
        finally:
            server.send_signal(signal.SIGINT if "postgres" in serve[0] else signal.SIGTERM)
            server.wait(30)


def answers(url: str) -> bool:
    """Whether the server takes a connection."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as db:
            return db.scalar(text("SELECT 1")) == 1
    except DBAPIError:
        time.sleep(0.05)
        return False


@pytest.mark.parametrize("kind", sorted(PROGRAMS))
def test_an_id_is_not_used_again_after_the_database_server_was_restarted(
    tmp_path: Path, place: Path, kind: str
) -> None:
    if missing := [program for program in PROGRAMS[kind] if db_keeper.find(program) is None]:
        pytest.skip(f"{missing[0]} is not installed")
    make, serve, administration = db_keeper.KINDS[kind](place / "data", db_keeper.free_port())
    unprivileged = {"user": db_keeper.UNPRIVILEGED.pw_uid, "group": db_keeper.UNPRIVILEGED.pw_gid, "extra_groups": []}
    subprocess.run(make, check=True, capture_output=True, cwd=place, **(unprivileged if db_keeper.UNPRIVILEGED else {}))
    url = make_url(administration).set(database="devtel").render_as_string(hide_password=False)
    with running(serve, place, administration):
        with create_engine(administration, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as db:
            db.execute(text("CREATE DATABASE devtel"))
        with start_server(tmp_path, database=url) as server:
            first, second = server.connect(), server.connect()
            assert server.client.delete(second).status_code == 200
    with running(serve, place, administration), start_server(tmp_path, database=url) as server:
        third = server.connect()
        ids = [int(path.removeprefix(f"{CONNECTIONS}/")) for path in (first, second, third)]
        assert ids == sorted(set(ids))

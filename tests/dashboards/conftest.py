"""The same reports in a database of each kind, stored by a real server, and the dashboard's file for it."""

from collections.abc import Iterator

import pytest

from tests.helpers.dashboard_data import FilledDatabase, fill_database
from tests.helpers.databases import database
from tests.helpers.report_server import start_server

KINDS = ("mariadb", "postgresql")


@pytest.fixture(scope="session", params=KINDS)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledDatabase]:
    """A database of `devtel serve` that took everybody's reports; skips by name where there is no server."""
    with database(request.param, tmp_path_factory) as url:
        home = tmp_path_factory.mktemp(request.param)
        # The days are fixed ones, which grow old.
        with start_server(home, "--retention-days", 0, database=url) as server:
            yield fill_database(server, request.param, url)

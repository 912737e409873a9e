"""The same reports in a database of each kind, stored by a real receiver, and the dashboard's file for it."""

from collections.abc import Iterator

import pytest

from tests.helpers.dashboard_data import Filled, filled
from tests.helpers.databases import database
from tests.helpers.report_server import receiver_in

KINDS = ("mariadb", "postgresql")


@pytest.fixture(scope="session", params=KINDS)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A database of `devtel serve` that took everybody's reports; skips by name where there is no server."""
    with database(request.param, tmp_path_factory) as url:
        home = tmp_path_factory.mktemp(request.param)
        # The days are fixed ones, which grow old.
        with receiver_in(home, "--retention-days", 0, database=url) as receiver:
            yield filled(receiver, request.param, url)

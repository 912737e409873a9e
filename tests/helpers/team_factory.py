"""Reports of a made-up team, in which every developer's runs can be recognised in any sum of them.

Developer `i` counts each run as BASE**i. A sum of runs, or a difference of sums, written in that base, has a digit
for each developer: the digits that are not 0 are the developers that the number is about.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from devtelemetry_cli.server.db import connections, reports
from devtelemetry_cli.server.db.database import Database, open_database
from devtelemetry_cli.server.ingest.decode import Report, read_report
from devtelemetry_cli.server.team import cells, publishing
from tests.helpers.report_server import revised

BASE = 128
MONDAY = date(2026, 3, 2)
KEY = bytes(32)


@dataclass(frozen=True)
class Runs:
    """Some runs of one developer, a number from 0."""

    developer: int
    day: int = 0  # from MONDAY
    target: str = "test"
    project: str = "shop"
    runs: int = 1
    branch: str | None = "default"  # None: outside git
    age: str = "0"
    code: str | None = "0"  # None: not reported


class Team:
    """A connection in a database, and the reports to it."""

    def __init__(self, database: Database, k: int = 3, name: str = "team") -> None:
        self.database, self.k = database, k
        new = connections.NewConnection(name, endpoint="x")
        self.connection = database.write(lambda db: connections.ensure(db, new))
        self.reported: list[Runs] = []
        self.gone: set[int] = set()
        self.environments: dict[int, dict[str, Any]] = {}  # developer -> a report's `environment`
        self.url = ""

    @classmethod
    def at(cls, url: str, k: int = 3) -> "Team":
        """A team in the database at `url`."""
        team = cls(open_database(url), k)
        team.url = url
        return team

    def forget(self, developer: int) -> None:
        """Erase a developer's reports, as on request."""
        self.gone.add(developer)
        self.database.write(lambda db: reports.forget(db, KEY, self.connection, f"{developer:032x}"))

    def report(self, *runs: Runs) -> None:
        """Report each day again as it is with these runs."""
        for day in dict.fromkeys((one.developer, one.day) for one in runs):
            new = [one for one in runs if (one.developer, one.day) == day]
            self.reported += new
            self.store(self.build_report(*day))

    def store(self, report: Report) -> None:
        """Store a report, past the limits on its numbers."""
        self.database.write(lambda db: reports.store(db, KEY, {0: (self.connection, report)}))

    def build_report(self, developer: int, day: int) -> Report:
        """The report of a developer's day as it stands."""
        own = [one for one in self.reported if (one.developer, one.day) == (developer, day)]
        wire = {
            "date": (MONDAY + timedelta(days=day)).isoformat(),
            "developer": f"{developer:032x}.host",
            "metrics": revised(len(own), targets=tuple(_targets(own)))
            | {"environment": self.environments.get(developer, {})},
        }
        return read_report(json.dumps(wire).encode(), MONDAY + timedelta(days=400))

    def publish(self, days: int = 7) -> None:
        """Publish as it would be done `days` after MONDAY."""
        today = MONDAY + timedelta(days=days)
        publishing.publish(self.database, self.k, today, everything=True, stopped=lambda: False)

    def cells(self) -> list[cells.Cell]:
        """The published cells."""
        everything = cells.CellFilter(None, None, date(2000, 1, 1), date(2100, 1, 1))
        return self.database.read(cells.read(everything, self.k)).cells

    def visible_runs(self) -> dict[tuple[str, str], float]:
        """The runs of each cell of the first week."""
        return {(cell.project, cell.target): cell.totals.runs for cell in self.cells() if cell.week == MONDAY}


def _targets(own: list[Runs]) -> list[dict[str, Any]]:
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for one in own:
        count = one.runs * BASE**one.developer
        new = {"project": one.project, "target": one.target, "runs": 0, "exit_codes": {}, "checkouts": []}
        target = made.setdefault((one.project, one.target), new)
        target["runs"] += count
        target["durations"] = {"0": target["runs"]}
        if one.code is not None:
            target["exit_codes"][one.code] = target["exit_codes"].get(one.code, 0) + count
        if one.branch is not None:
            target["checkouts"].append({"branch": one.branch, "age_days": one.age, "runs": count, "failures": 0})
    return list(made.values())


def developers_in(number: float, base: int = BASE) -> set[int]:
    """The developers that a sum of runs, or a difference of sums, is about: its digits that are not 0."""
    rest, found, developer = int(number), set(), 0
    while rest:
        digit = (rest + base // 2) % base - base // 2
        if digit:
            found.add(developer)
        rest, developer = (rest - digit) // base, developer + 1
    return found

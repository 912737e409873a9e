"""Events on every kind of database."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from devtelemetry_cli.report.decode import ReportError
from devtelemetry_cli.server.db import events
from devtelemetry_cli.server.db.database import Database, open_database
from devtelemetry_cli.server.db.events import Event, NewEvent
from devtelemetry_cli.server.responses import RefusedError

TODAY = date(2026, 11, 26)
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(open_database(url)) as opened:
        yield opened


def note(database: Database, day: date, text: str, project: str = "") -> Event:
    return database.write(lambda db: events.create(db, NewEvent(day, text, project)))


def test_events_are_read_by_day_and_project_in_order(database: Database) -> None:
    late = note(database, date(2026, 11, 3), "cache moved to S3 \N{ROCKET} für alle")
    early = note(database, date(2026, 11, 2), "x" * 200, "Shop")
    other = note(database, date(2026, 11, 3), "another", "shop")
    assert database.read(events.read(*ALWAYS, None)) == [early, late, other]
    assert database.read(events.read(*ALWAYS, "Shop")) == [early, late]  # names differ in case
    assert database.read(events.read(late.day, late.day, "shop")) == [late, other]


def test_an_id_is_never_used_again(database: Database) -> None:
    first = note(database, TODAY, "one")
    assert database.write(lambda db: events.remove(db, first.id)) == first
    assert note(database, TODAY, "two").id > first.id
    with pytest.raises(RefusedError, match="not found"):
        database.write(lambda db: events.remove(db, first.id))


def test_a_form_and_an_object_are_read_alike() -> None:
    wire = {"date": "2026-11-03", "text": "  cache \n moved ", "project": "shop"}
    assert events.read_event(wire, TODAY) == NewEvent(date(2026, 11, 3), "cache moved", "shop")
    assert events.read_event({"DATE": "2027-11-03", "Text": "planned"}, TODAY).project == ""
    with pytest.raises(ReportError, match="until a year from now"):
        events.read_event({"date": "2028-11-03", "text": "too far"}, TODAY)

"""Events: a day and a sentence, noted by the administrator, for one project or for all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from devtelemetry_cli.report.decode import MAX_NAME, ReportError
from devtelemetry_cli.server.db.tables import events, now
from devtelemetry_cli.server.ingest.decode import read_day, read_string
from devtelemetry_cli.server.responses import RefusedError

MAX_TEXT = 200
MAX_EVENTS = 1000
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class NewEvent:
    """An event without an id; an empty `project` is all projects."""

    day: date
    text: str
    project: str


@dataclass(frozen=True)
class Event(NewEvent):
    """A stored event."""

    id: int


def read_event(wire: Mapping[str, Any], today: date) -> NewEvent:
    """The event in a JSON object or a form. Raises ReportError with a sentence for the sender."""
    text = " ".join(read_string(wire, "text", MAX_TEXT).split())
    project = read_string(wire, "project", MAX_NAME)
    if not text or not text.isprintable():
        raise ReportError(f"text: 1 to {MAX_TEXT} printable characters are expected")
    if not project.isprintable():
        raise ReportError("project: printable characters are expected")
    return NewEvent(_day(read_string(wire, "date"), today), text, project)


def create(db: Connection, new: NewEvent) -> Event:
    """Store an event. RefusedError 400 for more than MAX_EVENTS."""
    if (db.scalar(select(func.count()).select_from(events)) or 0) >= MAX_EVENTS:
        raise RefusedError(400, f"there are {MAX_EVENTS} events: delete some first")
    values = {"date": new.day, "project": new.project, "text": new.text, "created_at": now()}
    made = db.execute(insert(events), values).inserted_primary_key
    assert made is not None  # noqa: S101 - a single-row insert always returns its key
    return Event(new.day, new.text, new.project, made.id)


def remove(db: Connection, event_id: int) -> Event:
    """Delete an event; RefusedError 404 if there is none."""
    row = db.execute(select(events).where(events.c.id == event_id)).first()
    if row is None:
        raise RefusedError(404, f"event {event_id} not found")
    db.execute(delete(events).where(events.c.id == event_id))
    return _event(row)


def read(first: date, last: date, project: str | None) -> Callable[[Connection], list[Event]]:
    """A function that reads the events of these days, the earliest first; with `project` those of it and of all."""
    c = events.c
    query = select(events).where(c.date.between(first, last)).order_by(c.date, c.id)
    if project is not None:
        query = query.where(c.project.in_(("", project)))
    return lambda db: [_event(row) for row in db.execute(query)]


def latest(today: date) -> date:
    """The last day that an event may have: planned ones can be noted."""
    return today + timedelta(days=366)


def to_json(event: Event) -> dict[str, Any]:
    """The event as it is answered."""
    return {"id": event.id, "date": event.day.isoformat(), "project": event.project, "text": event.text}


def _event(row: Row[Any]) -> Event:
    return Event(row.date, row.text, row.project, row.id)


def _day(text: str, today: date) -> date:
    day = read_day(text)
    if not EARLIEST <= day <= latest(today):
        raise ReportError(f"date: a day from {EARLIEST} until a year from now is expected")
    return day

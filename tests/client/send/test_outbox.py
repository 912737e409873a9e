"""The days to send and the bytes of their reports."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.journal import reader, writer
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import ledger, outbox
from devtelemetry_cli.client.send.ledger import Entry, Ledger
from tests.helpers.samples import ANONYMOUS, DAY, ENVIRONMENT, GRANT, HOST, NOON, URL

TODAY = date.fromisoformat(DAY)
DECISION = Decision("key", URL, consent_cache.GRANTED, datetime(2026, 1, 1, tzinfo=UTC), GRANT, ANONYMOUS, notice=1)


@pytest.fixture
def journal(tmp_path: Path) -> outbox.Journal:
    return outbox.Journal(tmp_path / "journal" / "key" / HOST, HOST, DECISION)


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(StateDir(tmp_path), "key", HOST)


def ago(count: int) -> str:
    return (TODAY - timedelta(days=count)).isoformat()


def record(journal: outbox.Journal, day: str = DAY, run: str = "1", grant: str = GRANT, *, ended: bool = True) -> None:
    common = {"run": run, "time": NOON, "offset": 0}
    lines = writer.encode("start", common | {"pid": 2**22 + 1, "grant": grant, "target": "test"})
    if ended:
        lines += writer.encode("end", common | {"duration": 1.5, "exit": 0})
    writer.create(str(journal.folder), day, lines)


def size(journal: outbox.Journal, day: str = DAY) -> int:
    return reader.file(journal.folder, day).stat().st_size


def changed(journal: outbox.Journal, book: Ledger) -> list[str]:
    return list(outbox.changed(journal, book, TODAY))


def test_a_report_contains_the_whole_day_under_the_anonymous_id(journal: outbox.Journal) -> None:
    record(journal, run="1")
    record(journal, run="2")
    report = journal.report(DAY, ENVIRONMENT)
    body = json.loads(report.body)
    assert (body["date"], body["developer"], body["hostname"]) == (DAY, f"{ANONYMOUS}.{HOST}", HOST)
    assert (report.runs, body["metrics"]["commands"]) == (2, {"make test": 2})
    assert (report.journal_size, report.running) == (size(journal), 0)
    assert report.sha256 == hashlib.sha256(report.body).hexdigest()


def test_the_same_journal_makes_the_same_bytes(journal: outbox.Journal) -> None:
    record(journal)
    assert journal.report(DAY, ENVIRONMENT) == journal.report(DAY, ENVIRONMENT)


def test_records_of_an_older_grant_are_not_sent(journal: outbox.Journal) -> None:
    record(journal, run="1", grant="before")
    record(journal, run="2")
    assert journal.report(DAY, ENVIRONMENT).runs == 1


def test_a_run_that_was_killed_is_counted_as_lost(journal: outbox.Journal) -> None:
    record(journal, ended=False)
    (target,) = json.loads(journal.report(DAY, ENVIRONMENT).body)["metrics"]["targets"]
    assert (target["runs"], target["lost"]) == (1, 1)


def test_damaged_lines_are_counted(journal: outbox.Journal) -> None:
    record(journal)
    writer.append(str(journal.folder), DAY, b"\n{half")
    tally = reader.Tally()
    assert journal.sum_up(DAY, tally).metrics.runs == 1
    assert tally.damaged == 1


def test_a_day_without_a_journal_is_an_oserror(journal: outbox.Journal) -> None:
    with pytest.raises(FileNotFoundError):
        journal.report(DAY, ENVIRONMENT)


def test_unsent_days_come_oldest_first(journal: outbox.Journal, book: Ledger) -> None:
    for count in (0, 5, 2):
        record(journal, ago(count))
    assert changed(journal, book) == [ago(5), ago(2), ago(0)]


def test_without_runs_no_day_has_changes(journal: outbox.Journal, book: Ledger) -> None:
    assert changed(journal, book) == []


@pytest.mark.parametrize(
    ("state", "grown", "running", "again"),
    [
        (ledger.SENT, False, 0, False),
        (ledger.SENT, True, 0, True),
        (ledger.SENT, False, 1, True),
        (ledger.REFUSED, False, 0, False),
        (ledger.REFUSED, True, 0, True),
        (ledger.SENDING, False, 0, True),
        (ledger.LATER, False, 0, True),
        (ledger.FROZEN, True, 1, False),
        (ledger.EXPIRED, False, 0, True),
    ],
)
def test_a_day_is_sent_again_when_it_changed_since(
    journal: outbox.Journal, book: Ledger, state: str, grown: bool, running: int, again: bool
) -> None:
    record(journal)
    book.keep(Entry(DAY, state, journal_size=size(journal), running=running, acknowledged="x"))
    if grown:
        record(journal, run="2")
    assert changed(journal, book) == ([DAY] if again else [])


@pytest.mark.parametrize(
    ("count", "acknowledged", "is_sent"),
    [(30, "x", True), (31, "x", False), (30, "", True), (31, "", True), (90, "", True), (91, "", False)],
)
def test_an_old_day_is_not_sent(
    journal: outbox.Journal, book: Ledger, count: int, acknowledged: str, is_sent: bool
) -> None:
    record(journal, ago(count))
    book.keep(Entry(ago(count), ledger.LATER, acknowledged=acknowledged))
    assert bool(changed(journal, book)) is is_sent


def test_the_day_of_a_damaged_entry_is_sent_again(journal: outbox.Journal, book: Ledger) -> None:
    record(journal)
    book.keep(Entry(DAY, ledger.SENT, journal_size=size(journal), acknowledged="x"))
    (book.folder / f"{DAY}.json").write_text("{")
    assert changed(journal, book) == [DAY]


@pytest.mark.parametrize(
    ("count", "entry", "overdue"),
    [
        (91, {}, True),
        (90, {}, False),
        (91, {"state": ledger.LATER}, True),
        (91, {"state": ledger.REFUSED}, True),
        (91, {"state": ledger.EXPIRED}, False),
        (91, {"state": ledger.SENT, "acknowledged": "x"}, False),
    ],
)
def test_a_day_that_could_not_be_sent_expires_after_ninety(
    journal: outbox.Journal, book: Ledger, count: int, entry: dict[str, str], overdue: bool
) -> None:
    record(journal, ago(count))
    book.keep(Entry(ago(count), **entry))  # type: ignore[arg-type]
    assert outbox.overdue(journal.folder, book, TODAY) == ([ago(count)] if overdue else [])

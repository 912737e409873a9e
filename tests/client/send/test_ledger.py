"""Delivery state: each entry whole; a damaged one counts as missing."""

import json
import stat
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import ledger
from devtelemetry_cli.client.send.ledger import DeliveryStatus, Entry, Ledger
from tests.helpers.samples import DAY

FULL = Entry(
    DAY, ledger.SENT, 4, '{"a":1}', "hash", "hash", 1.5, 4, 1000, 1, 2, 1.0, 2.5, 200, "stored",
)  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(StateDir(tmp_path), "key", "0123abcd")


def test_an_entry_is_kept_and_found_again(book: Ledger, tmp_path: Path) -> None:
    book.keep(FULL)
    assert Ledger(StateDir(tmp_path), "key", "0123abcd").entry(DAY) == FULL
    assert Ledger(StateDir(tmp_path), "key", "other").entry(DAY) == Entry(DAY)
    assert stat.S_IMODE((book.folder / f"{DAY}.json").stat().st_mode) == 0o600


def test_a_day_that_was_never_sent_has_a_new_entry_and_no_file(book: Ledger) -> None:
    assert book.entry(DAY) == Entry(DAY)
    assert (book.entries(), book.damaged, book.folder.exists()) == ([], 0, False)


def test_entries_come_in_the_order_of_their_dates(book: Ledger) -> None:
    for day in ("2026-11-22", "2025-12-31", "2026-02-01"):
        book.keep(Entry(day))
    book.keep_delivery_status(DeliveryStatus(failures=1))
    assert [entry.date for entry in book.entries()] == ["2025-12-31", "2026-02-01", "2026-11-22"]


def test_a_dropped_day_is_gone(book: Ledger) -> None:
    book.keep(FULL)
    book.drop(DAY)
    book.drop(DAY)
    assert book.entries() == []


def test_the_delivery_status_is_kept(book: Ledger) -> None:
    assert book.delivery_status() == DeliveryStatus()
    book.keep_delivery_status(DeliveryStatus(1.0, 2.0, 3.0, 4, "wants a key"))
    assert book.delivery_status() == DeliveryStatus(1.0, 2.0, 3.0, 4, "wants a key")


def damage(**changes: Any) -> bytes:
    return json.dumps(asdict(FULL) | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"x"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(asdict(FULL)).encode()[:-1],
    ]
    + [damage(later=1), damage(date="2026-11-23"), damage(sent_runs="4"), damage(sent_runs=4.5), damage(tries=True)]
    + [damage(body=None), damage(next_try="soon"), damage(state=1), damage(running=[])]
    + [json.dumps({k: v for k, v in asdict(FULL).items() if k != f.name}).encode() for f in fields(Entry)],
)
def test_a_damaged_entry_counts_as_missing_and_is_counted(book: Ledger, content: bytes) -> None:
    book.keep(FULL)
    (book.folder / f"{DAY}.json").write_bytes(content)
    assert book.entry(DAY) == Entry(DAY)
    assert book.damaged == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_time_that_is_not_finite_is_damage(book: Ledger, number: str) -> None:
    book.keep(FULL)
    text = json.dumps(asdict(FULL) | {"next_try": 0.125}).replace("0.125", number)
    (book.folder / f"{DAY}.json").write_text(text)
    assert book.entry(DAY) == Entry(DAY)


def test_a_folder_in_an_entrys_place_is_damage(book: Ledger) -> None:
    (book.folder / f"{DAY}.json").mkdir(parents=True)
    assert book.entry(DAY) == Entry(DAY)
    assert book.damaged == 1


def test_whole_numbers_are_accepted_as_times(book: Ledger) -> None:
    book.keep(FULL)
    (book.folder / f"{DAY}.json").write_bytes(damage(next_try=7))
    assert (book.entry(DAY).next_try, book.damaged) == (7, 0)


def test_what_cannot_be_kept_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "ledger").touch()
    with pytest.raises(OSError, match="ledger"):
        Ledger(StateDir(tmp_path), "key", "host").keep(FULL)


def test_the_names_of_the_first_version_are_read_and_the_present_ones_written(book: Ledger) -> None:
    """0.1.0 wrote `told_runs` and `trouble`; its purged days are still purged."""
    book.keep(FULL)
    book.keep_delivery_status(DeliveryStatus(last_error="wants a key"))
    for name, before, now in ((DAY, "told_runs", "sent_runs"), ("endpoint", "trouble", "last_error")):
        file = book.folder / f"{name}.json"
        file.write_text(file.read_text().replace(f'"{now}"', f'"{before}"'))
    assert (book.entry(DAY), book.delivery_status().last_error, book.damaged) == (FULL, "wants a key", 0)
    book.keep(book.entry(DAY))
    assert "told_runs" not in (book.folder / f"{DAY}.json").read_text()
    assert Entry(DAY, answer="You purged this day; what was sent stays sent.").is_tombstone

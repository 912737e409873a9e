"""How often people may be asked, and what is kept about it."""

import fcntl
import json
from pathlib import Path

import pytest

from devtelemetry_cli.client.consent import ask_limit
from devtelemetry_cli.client.paths import StateDir
from tests.helpers.samples import NOON, tree

DAY = 86400


def book(state: Path) -> Path:
    return state / "invitations.json"


def test_whoever_was_never_asked_may_be(tmp_path: Path) -> None:
    assert ask_limit.due(StateDir(tmp_path), "a", NOON)
    assert tree(tmp_path) == []


@pytest.mark.parametrize(("days", "due"), [(0, False), (6.99, False), (7, True), (400, True)])
@pytest.mark.parametrize("key", ["a", "b"])
def test_one_invitation_in_seven_days_over_all_destinations(tmp_path: Path, key: str, days: float, due: bool) -> None:
    assert ask_limit.spend(StateDir(tmp_path), "a", NOON)
    assert ask_limit.due(StateDir(tmp_path), key, NOON + days * DAY) is due


def test_five_invitations_for_one_destination_and_no_more(tmp_path: Path) -> None:
    spent = [ask_limit.spend(StateDir(tmp_path), "a", NOON + week * 7 * DAY) for week in range(7)]
    assert spent == [True] * 5 + [False] * 2
    assert not ask_limit.due(StateDir(tmp_path), "a", NOON + 4000 * DAY)
    assert ask_limit.due(StateDir(tmp_path), "b", NOON + 4000 * DAY)


def test_spending_twice_at_once_counts_once(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    assert [ask_limit.spend(StateDir(state), "a", NOON) for _ in range(2)] == [True, False]
    assert json.loads(book(state).read_text())["times"] == {"a": 1}


def test_another_run_that_counts_just_now_wins(tmp_path: Path) -> None:
    with (tmp_path / "invitations.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert ask_limit.spend(StateDir(tmp_path), "a", NOON) is False
    assert ask_limit.spend(StateDir(tmp_path), "a", NOON) is True


def test_nothing_is_kept_but_the_count_and_the_date(tmp_path: Path) -> None:
    ask_limit.spend(StateDir(tmp_path), "a", NOON + 0.5)
    assert json.loads(book(tmp_path).read_text()) == {"last": int(NOON), "times": {"a": 1}}


def test_what_was_decided_is_forgotten_while_the_pause_goes_on(tmp_path: Path) -> None:
    ask_limit.spend(StateDir(tmp_path), "a", NOON)
    ask_limit.forget(StateDir(tmp_path), "a")
    ask_limit.forget(StateDir(tmp_path), "b")
    assert json.loads(book(tmp_path).read_text()) == {"last": int(NOON), "times": {}}
    assert not ask_limit.due(StateDir(tmp_path), "b", NOON + DAY)


def test_forgetting_where_nobody_was_asked_makes_nothing(tmp_path: Path) -> None:
    ask_limit.forget(StateDir(tmp_path), "a")
    assert tree(tmp_path) == []


@pytest.mark.parametrize(("days", "due"), [(-1, False), (-6.99, False), (-7, True), (-3650, True)])
def test_a_clock_that_was_set_back_delays_by_seven_days_at_most(tmp_path: Path, days: float, due: bool) -> None:
    ask_limit.spend(StateDir(tmp_path), "a", NOON)
    assert ask_limit.due(StateDir(tmp_path), "a", NOON + days * DAY) is due


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b"{}",
        b'{"last": 0}',
        b'{"times": {}}',
        b'{"last": "never", "times": {}}',
        b'{"last": NaN, "times": {}}',
        b'{"last": Infinity, "times": {}}',
        b'{"last": 1e999, "times": {}}',
        b'{"last": 0, "times": {"a": Infinity}}',
        b'{"last": 0, "times": {"a": "often"}}',
        b'{"last": 0, "times": {"a": null}}',
        b'{"last": 0, "times": []}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda content: content[:40].decode("latin-1"),
)
def test_who_cannot_count_must_not_ask(tmp_path: Path, content: bytes) -> None:
    book(tmp_path).write_bytes(content)
    assert not ask_limit.due(StateDir(tmp_path), "a", NOON)
    assert not ask_limit.spend(StateDir(tmp_path), "a", NOON)
    ask_limit.forget(StateDir(tmp_path), "a")
    assert book(tmp_path).read_bytes() == content


def test_a_folder_in_the_books_place_means_never(tmp_path: Path) -> None:
    book(tmp_path).mkdir()
    assert not ask_limit.due(StateDir(tmp_path), "a", NOON)


def test_what_cannot_be_counted_is_an_oserror_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        ask_limit.spend(StateDir(tmp_path / "file"), "a", NOON)

"""Pending erasure requests: kept until they are settled, and nothing else beside them."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.erasures import Erasure
from tests.helpers.samples import tree

ONE = Erasure("https://a/connections/1/report", "a", "id-1", "dx@a")
TWO = Erasure("https://b/connections/1/report", "b", "id-2")


def test_what_is_queued_is_pending_until_it_is_settled(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "new" / "state")
    for erasure in (ONE, TWO, ONE):
        erasures.queue(state, erasure)
    assert erasures.pending(state) == [ONE, TWO]
    erasures.settle(state, ONE)
    assert erasures.pending(state) == [TWO]


def test_nothing_pending_leaves_no_id_and_no_file(tmp_path: Path) -> None:
    erasures.queue(StateDir(tmp_path), ONE)
    erasures.settle(StateDir(tmp_path), TWO)
    assert erasures.pending(StateDir(tmp_path)) == [ONE]
    erasures.settle(StateDir(tmp_path), ONE)
    assert erasures.pending(StateDir(tmp_path)) == []
    assert [name for name in tree(tmp_path) if not name.endswith(".lock")] == []


def test_settling_twice_changes_nothing(tmp_path: Path) -> None:
    erasures.settle(StateDir(tmp_path), ONE)
    assert erasures.pending(StateDir(tmp_path)) == []


def test_the_file_contains_only_pending_requests(tmp_path: Path) -> None:
    erasures.queue(StateDir(tmp_path), ONE)
    file = tmp_path / "erasures.json"
    assert json.loads(file.read_text()) == [
        {"url": ONE.url, "key": "a", "anonymous_id": "id-1", "contact": "dx@a"},
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_request_that_is_impossible_stays_pending_and_is_marked(tmp_path: Path) -> None:
    for erasure in (ONE, TWO):
        erasures.queue(StateDir(tmp_path), erasure)
    erasures.mark_impossible(StateDir(tmp_path), ONE)
    marked, other = erasures.pending(StateDir(tmp_path))
    assert (marked, other) == (replace(ONE, is_impossible=True), TWO)
    erasures.queue(StateDir(tmp_path), ONE)
    erasures.settle(StateDir(tmp_path), marked)
    assert erasures.pending(StateDir(tmp_path)) == [TWO]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"null", b"7", b"[7]", b"[null]", b'["x"]', b"[{}]", b'[{"url":"u"}]', b"\xff", b"[" * 100_000),
        *(b'[{"url":"u","key":"k","anonymous_id":"i","later":"x"}]', b'{"url":"u"}'),
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)
def test_a_damaged_file_is_an_oserror_and_is_not_written_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "erasures.json").write_bytes(content)
    with pytest.raises(OSError, match="damaged"):
        erasures.pending(StateDir(tmp_path))
    erasures.queue(StateDir(tmp_path), ONE)
    assert erasures.pending(StateDir(tmp_path)) == [ONE]
    (aside,) = tmp_path.glob("erasures.json.damaged-*")
    assert aside.read_bytes() == content


def test_a_state_folder_that_cannot_be_made_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        erasures.queue(StateDir(tmp_path / "file/state"), ONE)


def test_two_that_queue_at_once_lose_neither(tmp_path: Path) -> None:
    children = [fork_queue(tmp_path, number) for number in range(8)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert {erasure.anonymous_id for erasure in erasures.pending(StateDir(tmp_path))} == {f"id-{n}" for n in range(8)}


def fork_queue(state: Path, number: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        erasures.queue(StateDir(state), Erasure("u", "k", f"id-{number}"))
        os._exit(0)
    finally:
        os._exit(1)

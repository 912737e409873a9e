"""The random key of a machine: made once, the same for every run, whoever comes first."""

import os
import stat
from pathlib import Path

import pytest

from devtelemetry_cli.client.journal import machine_key, writer
from devtelemetry_cli.client.paths import StateDir
from tests.helpers.samples import DAY, GRANT, HOST, tree


def place(state: Path) -> Path:
    return Path(machine_key.path(StateDir(state), os.uname().nodename))


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    key = machine_key.get_or_create(StateDir(tmp_path))
    assert len(bytes.fromhex(key)) == 4
    assert machine_key.find(StateDir(tmp_path)) == machine_key.get_or_create(StateDir(tmp_path)) == key
    assert stat.S_IMODE(place(tmp_path).stat().st_mode) == 0o600


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert machine_key.find(StateDir(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_no_draft_is_left_behind(tmp_path: Path) -> None:
    machine_key.get_or_create(StateDir(tmp_path))
    machine_key.get_or_create(StateDir(tmp_path))
    assert len(tree(tmp_path)) == 1


def test_two_states_have_two_keys(tmp_path: Path) -> None:
    assert machine_key.get_or_create(StateDir(tmp_path / "a")) != machine_key.get_or_create(StateDir(tmp_path / "b"))


@pytest.mark.parametrize("content", [b"", b"\n", b"0123456", b"012345678", b"0123ABCD", b"../../..", b"\xff" * 8])
def test_a_damaged_key_is_none_and_a_new_one_takes_over(tmp_path: Path, content: bytes) -> None:
    place(tmp_path).parent.mkdir()
    place(tmp_path).write_bytes(content)
    assert machine_key.find(StateDir(tmp_path)) is None
    assert machine_key.get_or_create(StateDir(tmp_path)) == place(tmp_path).read_text()


def test_a_sent_key_has_the_form_of_a_machine_key_and_is_the_same_every_time() -> None:
    assert machine_key.derived(HOST, GRANT) == machine_key.derived(HOST, GRANT) == "447a1256"


def test_no_two_agreements_and_no_two_machines_share_a_sent_key() -> None:
    keys = {machine_key.derived(machine, grant) for machine in (HOST, "fedcba98") for grant in (GRANT, "0badcaff", "")}
    assert len(keys - {HOST, "fedcba98"}) == 6


def test_a_run_is_recorded_under_the_key_of_its_agreement(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    key = machine_key.of_run(state, "journal", GRANT, DAY)
    machine = machine_key.find(state)
    assert key == machine_key.derived(str(machine), GRANT) != machine
    assert machine_key.is_of(key, machine, GRANT)
    assert not machine_key.is_of(key, machine, "another")
    assert not machine_key.is_of(key, None, GRANT)


def test_a_day_that_was_begun_under_the_machines_key_stays_there(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    machine = machine_key.get_or_create(state)
    writer.create(state.journal("journal", machine), DAY, b"")
    assert machine_key.of_run(state, "journal", GRANT, DAY) == machine
    assert machine_key.of_run(state, "journal", GRANT, "2026-11-23") == machine_key.derived(machine, GRANT)
    assert machine_key.of_run(state, "other", GRANT, DAY) == machine_key.derived(machine, GRANT)


def test_keys_with_records_or_only_delivery_state_are_served(tmp_path: Path) -> None:
    for name in (
        f"journal/j/{HOST}",
        "journal/j/fedcba98",
        "journal/j/no key",
        f"ledger/j/{HOST}",
        "ledger/j/0badcafe",
    ):
        (tmp_path / name).mkdir(parents=True)
    assert machine_key.recorded_keys(StateDir(tmp_path), "j") == [HOST, "0badcafe", "fedcba98"]
    assert machine_key.recorded_keys(StateDir(tmp_path), "none") == []


def test_a_damaged_ledger_hides_no_records(tmp_path: Path) -> None:
    (tmp_path / "journal/j" / HOST).mkdir(parents=True)
    (tmp_path / "ledger").touch()
    assert machine_key.recorded_keys(StateDir(tmp_path), "j") == [HOST]


def test_a_fifo_in_the_keys_place_holds_nobody_up(tmp_path: Path) -> None:
    place(tmp_path).parent.mkdir()
    os.mkfifo(place(tmp_path))
    assert machine_key.find(StateDir(tmp_path)) is None


def test_a_key_that_cannot_be_kept_is_an_oserror(tmp_path: Path) -> None:
    place(tmp_path).mkdir(parents=True)
    assert machine_key.find(StateDir(tmp_path)) is None
    with pytest.raises(OSError, match="hosts"):
        machine_key.get_or_create(StateDir(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        machine_key.get_or_create(StateDir(tmp_path / "file"))


def test_runs_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    output, theirs = os.pipe()
    children = [fork_finder(tmp_path, theirs) for _ in range(16)]
    os.close(theirs)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 16
    with os.fdopen(output) as answers:
        assert set(answers.read().split()) == {place(tmp_path).read_text()}


def fork_finder(state: Path, output: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        os.write(output, machine_key.get_or_create(StateDir(state)).encode() + b"\n")
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize(
    ("nodename", "name"),
    [("box-1.example.com", "box-1.example.com"), ("../../etc", ".._.._etc"), ("a b\n", "a_b_"), ("", "_")],
)
def test_a_machines_name_makes_a_files_name(nodename: str, name: str) -> None:
    assert machine_key.path(StateDir("/state"), nodename) == f"/state/hosts/{name}"


def test_a_long_name_is_cut() -> None:
    assert len(machine_key.path(StateDir(""), "x" * 500)) < 120

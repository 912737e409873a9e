"""Drafts are new files, whatever is in their place."""

import stat
from pathlib import Path

from devtelemetry_cli.client import draft


def test_a_draft_is_new_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "draft"
    draft.write(str(file), b"one")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"one", 0o600)


def test_no_link_is_followed(tmp_path: Path) -> None:
    victim, file = tmp_path / "victim", tmp_path / "draft"
    for target in (victim, tmp_path / "not there"):
        victim.write_bytes(b"precious")
        file.unlink(missing_ok=True)
        file.symlink_to(target)
        draft.write(str(file), b"one")
        assert (victim.read_bytes(), file.is_symlink(), file.read_bytes()) == (b"precious", False, b"one")
    assert not (tmp_path / "not there").exists()


def test_the_draft_of_a_crashed_process_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "draft"
    file.write_bytes(b"left by a crash")
    draft.write(str(file), b"one")
    assert file.read_bytes() == b"one"


def test_two_drafts_of_a_process_number_do_not_meet() -> None:
    """In two containers that share a home, two processes have the same number."""
    assert draft.beside("x") != draft.beside("x")

"""Small files: the old one or the new one, whole, and for their owner alone."""

import os
import stat
from pathlib import Path

import pytest

from devtelemetry_cli.client import atomic_files
from tests.helpers.samples import tree


def test_what_was_put_is_read(tmp_path: Path) -> None:
    atomic_files.atomic_write(tmp_path / "a", b"one")
    atomic_files.atomic_write(tmp_path / "a", b"two")
    assert atomic_files.read(tmp_path / "a") == b"two"
    assert tree(tmp_path) == ["a"]


def test_a_file_and_its_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "open").write_bytes(b"")
    (tmp_path / "open").chmod(0o666)
    for place in (tmp_path / "new" / "a", tmp_path / "open"):
        atomic_files.atomic_write(place, b"x")
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) & 0o077 == 0


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "link").symlink_to("dotfiles/real")
    for content in (b"first", b"second"):
        atomic_files.atomic_write(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "dotfiles" / "real").read_bytes() == content


def test_what_a_link_points_to_is_left_alone_where_it_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "device")
    (tmp_path / "link").symlink_to("device")
    atomic_files.atomic_write(tmp_path / "link", b"x")
    assert (tmp_path / "device").is_fifo()
    assert not (tmp_path / "link").is_symlink()
    assert atomic_files.read(tmp_path / "link") == b"x"


def test_a_failure_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").write_bytes(b"")
    with pytest.raises(OSError, match="folder"):
        atomic_files.atomic_write(tmp_path / "folder", b"x")
    with pytest.raises(TypeError):
        atomic_files.atomic_write(tmp_path / "folder" / "kept", "no bytes")  # type: ignore[arg-type]
    assert tree(tmp_path) == ["folder/kept"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    atomic_files.atomic_write(tmp_path / "a", b"old" * 1000)
    with (tmp_path / "a").open("rb") as reader:
        atomic_files.atomic_write(tmp_path / "a", b"new")
        assert reader.read() == b"old" * 1000


def test_a_path_below_a_file_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        atomic_files.atomic_write(tmp_path / "file" / "a", b"")
    with pytest.raises(NotADirectoryError):
        atomic_files.read(tmp_path / "file" / "a")


def test_at_most_a_mebibyte_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1024 * 1024)
    assert len(atomic_files.read(tmp_path / "a")) == 1024 * 1024
    (tmp_path / "a").write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(OSError, match="larger"):
        atomic_files.read(tmp_path / "a")


def test_a_missing_file_is_said_as_such(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic_files.read(tmp_path / "none")


def test_what_is_no_file_is_refused_and_leaves_no_descriptor_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/dev/null")
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208  it is a folder of descriptors
    for name in ("fifo", "link", "."):
        with pytest.raises(OSError, match="regular file"):
            atomic_files.read(tmp_path / name)
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208

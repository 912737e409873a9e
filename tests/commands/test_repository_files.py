"""Files in a repository: regular files inside it, never through a link, whole or not at all."""

import os
from pathlib import Path

import pytest

from devtelemetry_cli.commands import repository_files
from devtelemetry_cli.errors import DevtelError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    return folder


def test_a_file_is_written_whole_and_keeps_its_mode(repository: Path) -> None:
    file = repository / "devtel.mk"
    assert repository_files.read(file) is None
    repository_files.write(file, "one\n")
    file.chmod(0o640)
    repository_files.write(file, "two\n")
    assert (repository_files.read(file), file.stat().st_mode & 0o777) == ("two\n", 0o640)
    assert [one.name for one in repository.iterdir() if one.name != ".git"] == ["devtel.mk"]


@pytest.mark.parametrize("target", ["../outside", "inside", "../missing/file"])
def test_a_link_is_refused_wherever_it_leads(repository: Path, target: str) -> None:
    (repository / "inside").write_text("mine\n")
    (repository.parent / "outside").write_text("mine\n")
    (repository / ".devtel.toml").symlink_to(target)
    for act in (repository_files.read, repository_files.check_writable, lambda path: repository_files.write(path, "x")):
        with pytest.raises(DevtelError, match=r"is a symbolic link.* Nothing was changed"):
            act(repository / ".devtel.toml")
    assert (repository / "inside").read_text() == (repository.parent / "outside").read_text() == "mine\n"
    assert not (repository.parent / "missing").exists()


def test_a_folder_that_leads_out_of_the_repository_is_refused(repository: Path) -> None:
    (repository.parent / "home").mkdir()
    (repository / "service").symlink_to("../home")
    with pytest.raises(DevtelError, match="leaves the repository"):
        repository_files.write(repository / "service" / "devtel.mk", "x")
    assert list((repository.parent / "home").iterdir()) == []


def test_a_folder_that_leads_to_another_place_of_the_repository_is_fine(repository: Path) -> None:
    (repository / "real").mkdir()
    (repository / "other").symlink_to("real")
    repository_files.write(repository / "other" / "devtel.mk", "x")
    assert (repository / "real" / "devtel.mk").read_text() == "x"


def test_a_repository_that_is_entered_through_a_link_is_fine(repository: Path) -> None:
    (repository.parent / "link").symlink_to("repository")
    repository_files.write(repository.parent / "link" / "devtel.mk", "x")
    assert (repository / "devtel.mk").read_text() == "x"


def test_a_fifo_is_refused_without_waiting(repository: Path) -> None:
    os.mkfifo(repository / "devtel.mk")
    with pytest.raises(DevtelError, match="not a regular file"):
        repository_files.read(repository / "devtel.mk")


def test_a_missing_folder_is_named(repository: Path) -> None:
    with pytest.raises(DevtelError, match="is not a folder"):
        repository_files.write(repository / "missing" / "devtel.mk", "x")

"""Files of another user: no project file, state folder or config of somebody else decides about a build."""

import os
import subprocess
from pathlib import Path

import pytest

from devtelemetry_cli.client import locks, paths
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.errors import ConfigurationError
from tests.helpers.developer import Developer

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
OTHER = 12345


def give(path: Path, owner: int = OTHER) -> None:
    os.chown(path, owner, owner, follow_symlinks=False)


@pytest.fixture
def below(tmp_path: Path) -> Path:
    """A folder of the user's own, below one with a project file of another user."""
    folder = tmp_path / "shared" / "own" / "deep"
    folder.mkdir(parents=True)
    file = tmp_path / "shared" / ".devtel.toml"
    file.touch()
    give(file)
    return folder


def test_a_project_file_of_another_user_above_does_not_count(below: Path) -> None:
    assert paths.project_file(str(below)) is None
    give(below.parents[1] / ".devtel.toml", 0)
    assert paths.project_file(str(below)) == str(below.parents[1] / ".devtel.toml")


def test_nor_does_it_count_through_a_link_or_a_repository_that_the_other_user_made(below: Path) -> None:
    (below.parents[1] / ".git").mkdir()
    give(below.parents[1] / ".git")
    assert paths.project_file(str(below)) is None
    link = below.parent / ".devtel.toml"
    link.symlink_to("/etc/hostname")
    give(link)
    assert paths.project_file(str(below)) is None


def test_a_project_file_counts_inside_its_repository_whoever_owns_both(below: Path) -> None:
    """As a container's root sees a checkout of the user outside."""
    for folder in (below.parents[1] / ".git", below):
        folder.mkdir(exist_ok=True)
        give(folder)
    assert paths.project_file(str(below)) == str(below.parents[1] / ".devtel.toml")


def test_a_nearer_file_that_does_not_count_hides_none_that_does(below: Path) -> None:
    mine = below.parents[2] / ".devtel.toml"
    mine.touch()
    assert paths.project_file(str(below)) == str(mine)


@pytest.mark.parametrize("of", ["state", "config", "home"])
def test_files_of_another_user_are_foreign(tmp_path: Path, of: str) -> None:
    home = tmp_path / "home"
    state = StateDir(home / "state", str(home / "config" / "config.toml"))
    assert paths.foreign_path(state) == ""
    if of != "home":
        for folder in ("state", "config"):
            (home / folder).mkdir(parents=True)
        Path(state.config).touch()
    home.mkdir(exist_ok=True)
    theirs = {"state": Path(state), "config": Path(state.config), "home": home}[of]
    give(theirs)
    assert paths.foreign_path(state) == str(theirs)
    if of == "config":
        return  # a single file of another user in a folder of one's own can be replaced
    with pytest.raises(ConfigurationError, match="belongs to another user"), locks.exclusive(state, locks.CONSENT):
        pass


CHANGES = (
    "consent grant", "consent decline", "consent forget", "flush", "purge --yes", "token set", "token remove",
    "schedule install --with background", "schedule install", "schedule remove",
)  # fmt: skip


def test_under_the_home_of_another_user_nothing_is_recorded_or_changed(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@env")
    developer.make("work")
    for path in (developer.home, developer.state, *developer.state.rglob("*")):
        give(path)
    before = {path: path.stat().st_mtime_ns for path in developer.state.rglob("*")}
    done = developer.make("work")
    assert (done.returncode, "DEVTEL_RUN" in done.stdout, done.stderr) == (0, False, "")
    assert developer.status()["rule"] == f"{developer.state} belongs to another user"
    for command in CHANGES:
        refused = developer.devtel(*command.split(), input="a-token")
        assert (refused.returncode, "Traceback" in refused.stderr) == (78, False), command
    assert {path: path.stat().st_mtime_ns for path in developer.state.rglob("*")} == before
    assert {path.stat().st_uid for path in developer.state.rglob("*")} == {OTHER}


def test_a_grant_in_a_folder_of_another_user_is_not_obeyed(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@true")
    give(developer.state)
    developer.make("work")
    assert developer.records() == []
    assert subprocess.run(["ls", developer.state / "journal"], capture_output=True, check=False).returncode

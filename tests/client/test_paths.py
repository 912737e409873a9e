"""Where devtel keeps what it keeps: platformdirs' places, found without loading it."""

import os
from pathlib import Path

import pytest
from platformdirs.api import PlatformDirsABC
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from devtelemetry_cli.client import paths

PLATFORMS: list[tuple[str, type[PlatformDirsABC]]] = [("linux", Unix), ("darwin", MacOS)]
XDG = ["/xdg", "/with space/x", "/slash/", "relative/x", "", " ", "~/x", None]


@pytest.mark.parametrize(("platform", "theirs"), PLATFORMS)
@pytest.mark.parametrize("home", ["/home/ann", "/home/ann/", "/"])
@pytest.mark.parametrize("xdg", XDG)
def test_the_folders_are_those_of_platformdirs(
    monkeypatch: pytest.MonkeyPatch, platform: str, theirs: type[PlatformDirsABC], home: str, xdg: str | None
) -> None:
    environ = {"HOME": home} | ({"XDG_CONFIG_HOME": xdg, "XDG_STATE_HOME": xdg} if xdg is not None else {})
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    expected = theirs("devtel")
    assert paths.config_file(environ, platform) == f"{expected.user_config_dir}/config.toml"
    assert paths.state_folder(environ, platform) == expected.user_state_dir


def test_each_folder_follows_its_own_variable() -> None:
    environ = {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}
    assert paths.config_file(environ, "linux") == "/c/devtel/config.toml"
    assert paths.state_folder(environ, "linux") == "/s/devtel"


def test_devtel_home_holds_both() -> None:
    environ = {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "DEVTEL_HOME": "/d"}
    assert (paths.config_file(environ), paths.state_folder(environ)) == ("/d/config.toml", "/d")


@pytest.mark.parametrize("home", ["", "relative", "~"])
def test_a_devtel_home_that_is_no_absolute_path_is_ignored(home: str) -> None:
    assert paths.state_folder({"HOME": "/h", "DEVTEL_HOME": home}, "linux") == "/h/.local/state/devtel"


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "not/absolute"}])
def test_without_a_home_the_account_names_it(environ: dict[str, str]) -> None:
    import pwd  # noqa: PLC0415  only here

    account = pwd.getpwuid(os.getuid()).pw_dir
    assert paths.state_folder(environ, "linux") == f"{account}/.local/state/devtel"


def test_the_nearest_project_file_upward_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (tmp_path / ".devtel.toml").touch()
    assert paths.project_file(str(inner)) == str(tmp_path / ".devtel.toml")
    (tmp_path / "a" / ".devtel.toml").touch()
    assert paths.project_file(str(inner)) == str(tmp_path / "a" / ".devtel.toml")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_walk_ends_at_the_root_of_a_repository(tmp_path: Path, kind: str) -> None:
    inner = tmp_path / "repo" / "src"
    inner.mkdir(parents=True)
    git = tmp_path / "repo" / ".git"
    git.mkdir() if kind == "folder" else git.write_text("gitdir: elsewhere")
    (tmp_path / ".devtel.toml").touch()
    assert paths.project_file(str(inner)) is None
    (tmp_path / "repo" / ".devtel.toml").touch()
    assert paths.project_file(str(inner)) == str(tmp_path / "repo" / ".devtel.toml")


def test_a_broken_link_as_project_file_is_found_and_not_passed_by(tmp_path: Path) -> None:
    (tmp_path / ".devtel.toml").symlink_to("nowhere")
    assert paths.project_file(str(tmp_path)) == str(tmp_path / ".devtel.toml")


def test_the_walk_ends_at_the_root_of_all_files(tmp_path: Path) -> None:
    assert paths.project_file("/proc/self") is None
    assert paths.project_file(str(tmp_path / "not" / "there")) is None


def test_a_deleted_working_folder_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.working_folder() == str(tmp_path)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert paths.working_folder() is None


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a/b/", "/a//b", "/a b/\udcff"])
def test_the_folder_above_is_that_of_os_path(path: str) -> None:
    assert paths.above(path) == os.path.dirname(path)  # noqa: PTH120  what it stands for
    assert paths.fsdecode(paths.fsencode(path)) == os.fsdecode(os.fsencode(path))


def test_a_link_that_leads_nowhere_exists_and_a_name_that_cannot_be_does_not(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("link", "none", "with\0zero", "x" * 300, "link/below"):
        assert paths.lexists(f"{tmp_path}/{name}") == os.path.lexists(f"{tmp_path}/{name}"), name

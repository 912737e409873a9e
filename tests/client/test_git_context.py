"""What git says about a checkout: real repositories of every kind, and git in every bad mood."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from devtelemetry_cli.client import git_context
from tests.helpers.samples import NOON

DAY = 86400
ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_COMMITTER_DATE": f"@{int(NOON) - 3 * DAY} +0000",
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
}  # fmt: skip
Build = Callable[[Path], Path]


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words], cwd=folder, env=ENVIRON, check=True, capture_output=True
    )


def repository(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-b", "main", *options)
    git(folder, "commit", "--allow-empty", "-m", "x")
    return folder


def nothing(folder: Path) -> Path:
    return folder


def unborn(folder: Path) -> Path:
    git(folder, "init", "-b", "main")
    return folder


def bare(folder: Path) -> Path:
    git(folder, "clone", "--bare", str(repository(folder / "a")), "b")
    return folder / "b"


def empty_bare(folder: Path) -> Path:
    git(folder, "init", "--bare")
    return folder


def plain(folder: Path) -> Path:
    return repository(folder / "a")


def below(folder: Path) -> Path:
    (repository(folder / "a") / "src" / "x").mkdir(parents=True)
    return folder / "a" / "src" / "x"


def inside_git(folder: Path) -> Path:
    return repository(folder / "a") / ".git"


def detached(folder: Path) -> Path:
    git(repository(folder / "a"), "checkout", "--detach")
    return folder / "a"


def clone(folder: Path) -> Path:
    git(folder, "clone", str(repository(folder / "a")), "b")
    return folder / "b"


def detached_clone(folder: Path) -> Path:
    git(clone(folder), "checkout", "--detach")
    return folder / "b"


def topic(folder: Path) -> Path:
    git(clone(folder), "checkout", "-b", "feature/main")
    return folder / "b"


def unborn_clone(folder: Path) -> Path:
    git(clone(folder), "checkout", "--orphan", "fresh")
    return folder / "b"


def worktree(folder: Path) -> Path:
    git(clone(folder), "worktree", "add", "-b", "side", "../w")
    return folder / "w"


def submodule(folder: Path) -> Path:
    git(repository(folder / "outer"), "submodule", "add", str(repository(folder / "a")), "inner")
    return folder / "outer" / "inner"


def shallow(folder: Path) -> Path:
    git(repository(folder / "a"), "commit", "--allow-empty", "-m", "y")
    git(folder, "clone", "--depth", "1", f"file://{folder}/a", "b")
    return folder / "b"


def packed(folder: Path) -> Path:
    git(clone(folder), "pack-refs", "--all")
    return folder / "b"


def sha256(folder: Path) -> Path:
    return repository(folder / "a", "--object-format=sha256")


def corrupt_head(folder: Path) -> Path:
    (repository(folder / "a") / ".git" / "HEAD").write_bytes(b"\xff\0 nonsense\n")
    return folder / "a"


def missing_commit(folder: Path) -> Path:
    (repository(folder / "a") / ".git" / "refs" / "heads" / "main").write_text("1" * 40 + "\n")
    return folder / "a"


def ask(folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, branch: str = "") -> object:
    monkeypatch.chdir(folder)
    question = git_context.GitProbe(environ)
    try:
        assert question.wait(20)
        return question.context(NOON, branch)
    finally:
        question.close()


@pytest.mark.parametrize(
    ("build", "branch", "context"),
    [
        (nothing, "", (None, None)),
        (unborn, "", (None, None)),
        (unborn, "main", (None, None)),
        (empty_bare, "", (None, None)),
        (bare, "", ("unknown", 3)),
        (plain, "", ("unknown", 3)),
        (plain, "main", ("default", 3)),
        (plain, "trunk", ("other", 3)),
        (below, "main", ("default", 3)),
        (inside_git, "main", ("default", 3)),
        (detached, "main", ("detached", 3)),
        (detached, "", ("detached", 3)),
        (clone, "", ("default", 3)),
        (clone, "trunk", ("other", 3)),
        (detached_clone, "", ("detached", 3)),
        (topic, "", ("other", 3)),
        (topic, "feature/main", ("default", 3)),
        (unborn_clone, "", (None, None)),
        (worktree, "", ("other", 3)),
        (submodule, "", ("default", 3)),
        (shallow, "", ("default", 3)),
        (packed, "", ("default", 3)),
        (sha256, "main", ("default", 3)),
        (corrupt_head, "main", (None, None)),
    ],
)
def test_a_checkout_is_told_by_its_kind_of_branch_and_its_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: Build, branch: str, context: object
) -> None:
    # Not found above the folder: what the tests themselves stand in.
    environ = ENVIRON | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    assert ask(build(tmp_path), environ, monkeypatch, branch) == context


def test_a_commit_that_is_missing_has_no_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(missing_commit(tmp_path), ENVIRON, monkeypatch, "main")[1] is None  # type: ignore[index]


@pytest.mark.parametrize(
    ("seconds", "days"), [(0, 0), (DAY - 1, 0), (DAY, 1), (400 * DAY, 400), (-5, 0), (-5 * DAY, 0)]
)
def test_the_age_is_in_whole_days_and_never_below_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, days: int
) -> None:
    monkeypatch.setitem(ENVIRON, "GIT_COMMITTER_DATE", f"@{int(NOON) - seconds} +0000")
    assert ask(plain(tmp_path), ENVIRON, monkeypatch) == ("unknown", days)


@pytest.mark.parametrize("nonsense", ["/nonexistent", "", "\n", "HEAD", os.devnull])
def test_a_git_dir_that_is_none_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nonsense: str) -> None:
    assert ask(plain(tmp_path), ENVIRON | {"GIT_DIR": nonsense}, monkeypatch) == (None, None)


def test_a_git_dir_elsewhere_is_the_one_that_git_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_dir = repository(tmp_path / "there") / ".git"
    assert ask(tmp_path, ENVIRON | {"GIT_DIR": str(git_dir)}, monkeypatch, "main") == ("default", 3)


def test_without_git_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = plain(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask(folder, ENVIRON | {"PATH": str(tmp_path)}, monkeypatch) == (None, None)


def test_git_in_a_deleted_folder_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert ask(Path("/proc/self/cwd"), ENVIRON, monkeypatch) == (None, None)


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208  it is a folder of descriptors


def test_a_git_that_hangs_is_left_in_time_and_no_process_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = plain(tmp_path) / ".git" / "HEAD"
    head.unlink()
    os.mkfifo(head)
    monkeypatch.chdir(tmp_path / "a")
    before = (psutil.Process().children(), descriptors())
    started = time.monotonic()
    question = git_context.GitProbe(ENVIRON)
    assert not question.wait(0.1)
    assert question.context(NOON, "main") == (None, None)
    question.close()
    assert time.monotonic() - started < 5
    assert (psutil.Process().children(), descriptors()) == before


def test_an_answer_leaves_no_process_and_closing_twice_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(plain(tmp_path))
    before = (psutil.Process().children(), descriptors())
    question = git_context.GitProbe(ENVIRON)
    assert question.wait(20)
    question.close()
    question.close()
    assert (psutil.Process().children(), descriptors()) == before


def test_a_git_that_never_stops_talking_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec yes\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert ask(tmp_path, ENVIRON, monkeypatch) == (None, None)


def test_no_lock_is_taken_and_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text('#!/bin/sh\nenv >"$0.seen.$$"; echo "$@" >>"$0.seen.$$"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ask(tmp_path, ENVIRON, monkeypatch)
    seen = [file.read_text() for file in tmp_path.glob("git.seen.*")]
    assert len(seen) == 2
    assert all("GIT_OPTIONAL_LOCKS=0\n" in text and "GIT_NO_LAZY_FETCH=1\n" in text for text in seen)
    assert all("-c core.fsmonitor=false" in text for text in seen)

"""What a repository proposes for its own `.devtel.toml`. Whatever is wrong with it, there is an answer."""

import configparser
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from devtelemetry_cli.model import target_names

if TYPE_CHECKING:
    from git import Repo

_USUAL = ("main", "master", "trunk", "develop")


@dataclass(frozen=True)
class Proposal:
    """Where the project file belongs, and values for it; empty where nothing can be told."""

    root: Path
    project: str = ""
    default_branch: str = ""
    is_repository: bool = False


def propose(folder: Path) -> Proposal:
    """What the git repository around `folder` says; the folder itself where there is none that can be read."""
    root = _root(folder)
    if root is None:
        return Proposal(folder, _plain(folder.name))
    with _known_failures(), _opened(root) as repository:
        return Proposal(root, _project(repository, root), _default_branch(repository), True)
    return Proposal(root, _plain(root.name), is_repository=True)


def _root(folder: Path) -> Path | None:
    """The working folder around it, found by its `.git`: that is right where git itself refuses, too."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


@contextlib.contextmanager
def _opened(root: Path) -> Iterator["Repo"]:
    """GitPython's view. It would wait for ever for a HEAD that is a fifo, so that is looked at first."""
    head = root / ".git" / "HEAD"
    if (root / ".git").is_dir() and not head.is_file():
        raise OSError("HEAD is no file")
    from git import Repo  # noqa: PLC0415  importing it fails where git is missing

    repository = Repo(root)
    try:
        yield repository
    finally:
        repository.close()


@contextlib.contextmanager
def _known_failures() -> Iterator[None]:
    """What GitPython raises on repositories that it does not understand (docs/make-and-processes.md lists them)."""
    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ImportError, configparser.Error):
        return
    except Exception as fault:
        if not type(fault).__module__.startswith(("git.", "gitdb.")):
            raise


def _project(repository: "Repo", root: Path) -> str:
    """The name that the remote knows it by, else the folder's."""
    address = ""
    with _known_failures():
        address = str(repository.remotes.origin.url)
    path = urlsplit(address).path if "://" in address else address.rpartition(":")[2]
    return _plain(path.rstrip("/").rpartition("/")[2].removesuffix(".git")) or _plain(root.name)


def _default_branch(repository: "Repo") -> str:
    """The remote's default branch; else a usual name that there is; else the branch we are on."""
    with _known_failures():
        named = str(repository.git.symbolic_ref("--short", "refs/remotes/origin/HEAD", kill_after_timeout=5))
        return _shown(named.removeprefix("origin/"))
    with _known_failures():
        there = {branch.name for branch in repository.branches}
        if usual := next((name for name in _USUAL if name in there), ""):
            return usual
    with _known_failures():
        return _shown(str(repository.active_branch.name))
    return ""


def _shown(branch: str) -> str:
    """A branch's name that a text file can hold; a name may be any bytes."""
    return branch if branch.isprintable() else ""


def _plain(name: str) -> str:
    return name if target_names.is_plain(name) else ""

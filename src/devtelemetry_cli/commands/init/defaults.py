"""Default values for `.devtel.toml` from the repository. A damaged repository yields fewer of them, never an error."""

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
class Defaults:
    """The folder of the project file, and default values; empty where unknown."""

    root: Path
    project: str = ""
    default_branch: str = ""
    is_repository: bool = False


def find(folder: Path) -> Defaults:
    """The defaults of the git repository around `folder`, or of the folder itself where there is none."""
    root = _root(folder)
    if root is None:
        return Defaults(folder, _plain(folder.name))
    with _known_failures(), _opened(root) as repository:
        return Defaults(root, _project(repository, root), _default_branch(repository), True)
    return Defaults(root, _plain(root.name), is_repository=True)


def _root(folder: Path) -> Path | None:
    """The work tree around it, found by its `.git`: this also works where git refuses a repository."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


@contextlib.contextmanager
def _opened(root: Path) -> Iterator["Repo"]:
    """GitPython's Repo. It would block on a HEAD that is a fifo, so that is checked first."""
    head = root / ".git" / "HEAD"
    if (root / ".git").is_dir() and not head.is_file():
        raise OSError("HEAD is not a file")
    from git import Repo  # noqa: PLC0415  importing it fails where git is missing

    repository = Repo(root)
    try:
        yield repository
    finally:
        repository.close()


@contextlib.contextmanager
def _known_failures() -> Iterator[None]:
    """Suppress the errors of GitPython on damaged repositories (docs/make-and-processes.md lists them)."""
    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ImportError, configparser.Error):
        return
    except Exception as fault:
        if not type(fault).__module__.startswith(("git.", "gitdb.")):
            raise


def _project(repository: "Repo", root: Path) -> str:
    """The name in the remote's address, else the folder's."""
    address = ""
    with _known_failures():
        address = str(repository.remotes.origin.url)
    path = urlsplit(address).path if "://" in address else address.rpartition(":")[2]
    return _plain(path.rstrip("/").rpartition("/")[2].removesuffix(".git")) or _plain(root.name)


def _default_branch(repository: "Repo") -> str:
    """The remote's default branch; else an existing branch with a usual name; else the current branch."""
    with _known_failures():
        name = str(repository.git.symbolic_ref("--short", "refs/remotes/origin/HEAD", kill_after_timeout=5))
        return _printable(name.removeprefix("origin/"))
    with _known_failures():
        existing = {branch.name for branch in repository.branches}
        if usual := next((name for name in _USUAL if name in existing), ""):
            return usual
    with _known_failures():
        return _printable(str(repository.active_branch.name))
    return ""


def _printable(branch: str) -> str:
    """A branch name for a text file, empty where it has unprintable characters."""
    return branch if branch.isprintable() else ""


def _plain(name: str) -> str:
    return name if target_names.is_plain(name) else ""

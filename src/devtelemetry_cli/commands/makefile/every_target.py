"""Write GNUmakefile beside a Makefile, for the repository or for one developer alone."""

import os
import subprocess
from pathlib import Path

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.commands.makefile import templates
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model import plain_text

MAKEFILES = ("makefile", "Makefile")  # in make's order


def write(folder: Path, destination: Destination | None) -> Path:
    """Write the file into a folder with a Makefile. Raises DevtelError, with nothing written, and OSError."""
    path = check(folder)
    # 0644: a file of the repository, for everyone to read.
    atomic_files.atomic_write(path, templates.render(templates.EVERY_TARGET, destination).encode(), mode=0o644)
    return path


def check(folder: Path) -> Path:
    """Where the file may be written. Raises DevtelError."""
    makefile = next((folder / name for name in MAKEFILES if os.path.lexists(folder / name)), None)
    path = folder / templates.EVERY_TARGET
    if makefile is None:
        raise DevtelError(f"{folder} has no Makefile.", "Run the command beside the Makefile.")
    if not makefile.is_file() or not makefile.resolve().is_relative_to(root(folder)):
        raise DevtelError(f"{makefile} is not a file of this repository.", "Nothing was written.")
    if os.path.lexists(path) and not is_written_here(path):
        advice = "Measure chosen targets instead: `devtel makefile`, and `include devtel.mk` in it."
        raise DevtelError(f"{path} is the repository's own.", advice)
    return path


def applies(folder: Path) -> bool:
    """Whether every target is measured in a folder: devtel's GNUmakefile is in it, or above it in the repository."""
    return any(is_written_here(one / templates.EVERY_TARGET) for one in folders(folder))


def folders(folder: Path) -> list[Path]:
    """The folder and those above it, up to the top of its repository."""
    top, here = root(folder), folder.resolve()
    return [one for one in (here, *here.parents) if one.is_relative_to(top)]


def is_written_here(path: Path) -> bool:
    """Whether a GNUmakefile or devtel.mk is devtel's, so that it may be written again."""
    try:
        text = plain_text.normalised(atomic_files.read(path)[:100])
    except OSError:
        return False
    return not path.is_symlink() and templates.is_ours(path.name, text)


def exclude(path: Path) -> Path:
    """List a file in `.git/info/exclude`, so that git ignores it in this clone alone. Raises DevtelError, OSError."""
    top = root(path.parent)
    file = _exclude_file(path.parent)
    if _git(path.parent, "ls-files", "--", path.name):
        raise DevtelError(f"{path} is committed already.", "Without --private the command writes it again.")
    line = os.fsencode(f"/{path.resolve().relative_to(top)}")
    text = file.read_bytes() if file.exists() else b""
    if line not in text.splitlines():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text + (b"\n" if text and not text.endswith(b"\n") else b"") + line + b"\n")
    return file


def root(folder: Path) -> Path:
    """The top of the git repository around a folder, found by its `.git`; the folder itself where there is none."""
    folder = folder.resolve()
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def _exclude_file(folder: Path) -> Path:
    found = _git(folder, "rev-parse", "--git-path", "info/exclude")
    if not found:
        raise DevtelError(
            f"{folder} is in no git repository that git can read.", "Without --private nothing is hidden."
        )
    return folder / found


def _git(folder: Path, *words: str) -> str:
    """What git prints; nothing where it fails or is missing."""
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False, timeout=10)  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 else ""

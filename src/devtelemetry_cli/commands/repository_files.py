"""Files that devtel writes into a repository: regular files inside it, never through a symbolic link.

The content of a repository is untrusted: a committed link may lead to any file of the user.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model import plain_text

_ADVICE = "Nothing was changed. Delete it, or choose another file."


def root_of(folder: Path) -> Path:
    """The work tree around `folder`, found by its `.git`; the folder itself outside of any repository."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def read(path: Path) -> str | None:
    """The text of a regular file, with LF at line ends; None where there is none. Raises DevtelError for all else."""
    with _folder(path) as folder:
        return None if folder is None else _text(path, folder)


def write(path: Path, text: str) -> None:
    """Write a whole file at once. Raises DevtelError for a link, a special file or a path that leaves the repository.

    The draft is created exclusively. An existing file keeps its mode.
    """
    with _folder(path) as folder:
        if folder is None:
            raise DevtelError(f"{path.parent} is not a folder.", "Nothing was changed.")
        mode = _mode(path, folder)
        draft = f".{path.name}.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
            os.rename(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(draft, dir_fd=folder)
            raise


def check_writable(path: Path) -> None:
    """Raise DevtelError where `write` would fail for a reason that can be known before."""
    read(path)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise DevtelError(f"{path} is not writable.", "Nothing was changed.")


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int | None]:
    """A descriptor of the file's folder, None where there is none. Raises DevtelError where it leaves the repository.

    Only a link inside the repository can lead out of it: a path that the user typed outside of one is taken as it is.
    """
    folder = Path(os.path.abspath(path.parent))  # noqa: PTH100  links are judged below
    root, real = root_of(folder), Path(os.path.realpath(folder))
    if not real.is_relative_to(os.path.realpath(root)):
        raise DevtelError(f"{path} leaves the repository {root} through a symbolic link.", _ADVICE)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _mode(path: Path, folder: int) -> int | None:
    """The mode of an existing regular file. Raises DevtelError for anything else."""
    try:
        status = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "not a regular file"
        raise DevtelError(f"{path} is {kind}; devtel writes regular files only.", _ADVICE)
    return stat.S_IMODE(status.st_mode)


def _text(path: Path, folder: int) -> str | None:
    if _mode(path, folder) is None:
        return None
    descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        return plain_text.normalised(file.read())

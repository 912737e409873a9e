"""Write small files so that a crash at any moment leaves the old one or the new one, whole."""

import os
import stat
from pathlib import Path

MAX_BYTES = 1024 * 1024


def atomic_write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data`, durable and readable by its owner only, unless `mode` says more. Raises OSError.

    A symbolic link to a file is followed, since configuration is often kept elsewhere by a link. A link to anything
    else (perhaps a device) is replaced, and its target stays as it is.
    """
    meant = Path(os.path.realpath(path))
    path = meant if meant.is_file() or not meant.exists() else path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _delete_drafts(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode != 0o600:
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Delete a small file, if it exists, and its drafts left by a crash. Raises OSError.

    A link is deleted together with the file that it points to, which holds the content.
    """
    meant = Path(os.path.realpath(path))
    if meant.is_file():
        meant.unlink()
    path.unlink(missing_ok=True)
    for place in {meant, path}:
        if place.parent.is_dir():
            _delete_drafts(place)


def read(path: Path) -> bytes:
    """The content of a regular file of at most 1 MiB; never of a fifo or a device. Raises OSError."""
    with open(path, "rb", opener=open_nonblocking) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(f"it is larger than {MAX_BYTES} bytes")
    return data


def open_nonblocking(path: str, flags: int) -> int:
    """A descriptor of a regular file, as an opener for `open`; never waits, as opening a fifo or a device might."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is not a regular file")
    return descriptor


def _delete_drafts(path: Path) -> None:
    """Delete drafts of `path` of dead processes: they may hold data that was withdrawn since."""
    beginning = f".{path.name}."
    for draft in path.parent.iterdir():
        writer = draft.name.removeprefix(beginning).partition(".")[0]
        if draft.name.startswith(beginning) and writer.isdigit() and not _is_alive(int(writer)):
            draft.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

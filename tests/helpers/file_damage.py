"""The files that devtel keeps, and what can happen to each: one line a file, one line a damage."""

import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from tests.helpers.developer import Developer

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day
YESTERDAY, DAY_BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=2)

FILES = {
    "config.toml": "config.toml",
    ".devtel.toml": "../../project/.devtel.toml",
    "journal of today": f"journal/*/*/{TODAY}.jsonl",
    "journal of yesterday": f"journal/*/*/{YESTERDAY}.jsonl",
    "ledger entry": f"ledger/*/*/{DAY_BEFORE}.json",
    "endpoint.json": "ledger/*/*/endpoint.json",
    "hosts file": "hosts/*",
    "verdict memory": "verdicts/*",
    "invitations.json": "invitations.json",
    "erasures.json": "erasures.json",
    "dropped": "dropped",
    "token": "tokens/*",
}


def the_file(developer: Developer, name: str) -> Path:
    """The one file of that name."""
    (path,) = developer.state.glob(FILES[name])
    return path


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _filled_with_noise(path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(700))  # noqa: S311  the same noise every time


def _cut_in_half(path: Path) -> None:
    cut(path, path.stat().st_size // 2)


def _without_its_last_byte(path: Path) -> None:
    cut(path, path.stat().st_size - 1)


def _replaced_by_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))  # what some file systems leave after a power cut


def _replaced_by_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _replaced_by_a_full_folder(path: Path) -> None:
    _replaced_by_a_folder(path)
    (path / "file").touch()


def _replaced_by_a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _gone(path: Path) -> None:
    path.unlink()


def _of_another_user(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        path.chmod(0o600)  # without root's rights root is a stranger too
    else:
        path.chmod(0)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "is empty": _emptied,
    "is noise": _filled_with_noise,
    "is cut in half": _cut_in_half,
    "lacks its last byte": _without_its_last_byte,
    "is zeros": _replaced_by_zeros,
    "is a fifo": _replaced_by_a_fifo,
    "is a folder": _replaced_by_a_folder,
    "is a full folder": _replaced_by_a_full_folder,
    "is a loop of links": _replaced_by_a_loop,
    "is a dangling link": _dangling,
    "is gone": _gone,
    "is another user's": _of_another_user,
}


def cut(path: Path, size: int) -> None:
    """Keep only the first `size` bytes."""
    os.truncate(path, size)

"""Paths, rights and space."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, ok, problem

_LEAST = 20 * 2**20  # bytes free


def config(env: Environment) -> Iterator[Finding]:
    """The user config: there, ours, for its owner alone."""
    file = Path(env.context.config)
    if not file.exists():
        yield ok(f"no config yet ({file}): nothing was decided", path=str(file))
        return
    yield from _private(file, "The config") or [ok(f"config: {file}, readable for you alone", path=str(file))]


def tokens(env: Environment) -> Iterator[Finding]:
    """Each token: for its owner alone."""
    folder = Path(env.context.config).parent / "tokens"
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not file.name.startswith("."):
            yield from _private(file, "The token") or [ok(f"token: {file}, readable for you alone", path=str(file))]


def state(env: Environment) -> Iterator[Finding]:
    """The state folder: there, ours, writable, with room."""
    folder = env.state
    if not folder.exists():
        yield from _can_be_made(folder)
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        yield problem(
            f"{folder} cannot be written ({fault.strerror or fault}): no run is recorded.",
            f"Make it yours: chown -R \"$USER\" '{folder}' && chmod u+rwx '{folder}'.",
        )
        return
    yield from [*_foreign(folder), *_open_to_others(folder)] or [ok(f"state: {folder}, writable", path=str(folder))]
    yield _space(folder)


def _private(file: Path, what: str) -> list[Finding]:
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        return [problem(f"{what} {file} is no file.", "Remove it; `devtel consent` and `devtel token set` write anew.")]
    if status.st_uid != os.geteuid():
        return [problem(f"{what} {file} belongs to somebody else.", f"Make it yours: chown \"$USER\" '{file}'.")]
    if status.st_mode & 0o077:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        return [problem(f"{what} {file} is open to others ({mode}).", f"chmod 600 '{file}'", mode=mode)]
    return []


def _can_be_made(folder: Path) -> Iterator[Finding]:
    above = next(parent for parent in folder.parents if parent.exists())
    if os.access(above, os.W_OK | os.X_OK) and above.is_dir():
        yield ok(f"no state yet ({folder}): nothing was recorded", path=str(folder))
    else:
        yield problem(f"{folder} cannot be made: {above} cannot be written.", "Mend that, or set DEVTEL_HOME.")


def _foreign(folder: Path) -> list[Finding]:
    """What a devtel run with sudo left behind: we could not write it."""
    found = [*folder.iterdir(), *folder.glob("journal/*/*"), *folder.glob("ledger/*/*")]
    theirs = [one for one in (folder, *found) if one.lstat().st_uid != os.geteuid()]
    advice = f"Make it yours: sudo chown -R \"$USER\" '{folder}'."
    return [problem(f"{theirs[0]} belongs to somebody else.", advice, count=len(theirs))] if theirs else []


def _open_to_others(folder: Path) -> list[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & 0o022:
        return []
    return [problem(f"{folder} can be written by others ({mode:04o}).", f"chmod 700 '{folder}'", mode=f"{mode:04o}")]


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    entries = os.statvfs(folder)
    if free < _LEAST or (entries.f_files and not entries.f_favail):
        return problem(
            f"The disk of {folder} is full ({free // 2**20} MiB free): runs go unrecorded.",
            "Make room; `devtel purge --before DATE` gives back what old records take.",
            free_bytes=free,
        )
    return ok(f"{free / 2**30:.1f} GiB free", free_bytes=free)

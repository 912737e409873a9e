"""Checks of files, rights and disk space."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, ok, problem
from devtelemetry_cli.errors import reason

_LEAST = 20 * 2**20  # bytes free


def config(env: Environment) -> Iterator[Finding]:
    """The user config: owned and readable by the user alone."""
    file = Path(env.context.config)
    if not file.exists():
        yield ok(f"no config yet ({file}): no consent decision", path=str(file))
        return
    yield from _private(file, "The config") or [ok(f"config: {file}, readable by you alone", path=str(file))]


def tokens(env: Environment) -> Iterator[Finding]:
    """Each token: owned and readable by the user alone."""
    folder = Path(env.context.config).parent / "tokens"
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not file.name.startswith("."):
            yield from _private(file, "The token") or [ok(f"token: {file}, readable by you alone", path=str(file))]


def state(env: Environment) -> Iterator[Finding]:
    """The state folder: owned by the user, writable, with disk space."""
    folder = env.state
    if not folder.exists():
        yield from _check_parent(folder)
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        yield problem(
            f"{folder} cannot be written ({reason(fault)}): no run is recorded.",
            f"Take ownership: chown -R \"$USER\" '{folder}' && chmod u+rwx '{folder}'.",
        )
        return
    yield from [*_foreign_files(folder, Path(env.context.state.hosts)), *_open_to_others(folder)] or [
        ok(f"state: {folder}, writable", path=str(folder))
    ]
    yield _space(folder)


def _private(file: Path, what: str) -> list[Finding]:
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        return [
            problem(
                f"{what} {file} is not a regular file.",
                "Delete it; `devtel consent` or `devtel token set` writes a new one.",
            )
        ]
    if status.st_uid != os.geteuid():
        return [problem(f"{what} {file} belongs to another user.", f"Take ownership: chown \"$USER\" '{file}'.")]
    if status.st_mode & 0o077:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        return [problem(f"{what} {file} is accessible to other users ({mode}).", f"chmod 600 '{file}'", mode=mode)]
    return []


def _check_parent(folder: Path) -> Iterator[Finding]:
    above = next(parent for parent in folder.parents if parent.exists())
    if os.access(above, os.W_OK | os.X_OK) and above.is_dir():
        yield ok(f"no state folder yet ({folder}): no records", path=str(folder))
    else:
        yield problem(f"{folder} cannot be created: {above} is not writable.", "Make it writable, or set DEVTEL_HOME.")


def _foreign_files(folder: Path, hosts: Path) -> list[Finding]:
    """Files of another user, such as those of a devtel that ran with sudo. Raises OSError for unreadable folders."""
    keys = hosts.iterdir() if hosts.is_dir() else ()
    found = [*folder.iterdir(), *keys, *folder.glob("journal/*/*"), *folder.glob("ledger/*/*")]
    foreign = [one for one in (folder, *found) if one.lstat().st_uid != os.geteuid()]
    advice = f"Take ownership: sudo chown -R \"$USER\" '{folder}'."
    return [problem(f"{foreign[0]} belongs to another user.", advice, count=len(foreign))] if foreign else []


def _open_to_others(folder: Path) -> list[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & 0o022:
        return []
    return [problem(f"{folder} is writable by other users ({mode:04o}).", f"chmod 700 '{folder}'", mode=f"{mode:04o}")]


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    entries = os.statvfs(folder)
    if free < _LEAST or (entries.f_files and not entries.f_favail):
        return problem(
            f"The disk of {folder} is full ({free // 2**20} MiB free): no run is recorded.",
            "Free some space; `devtel purge --before DATE` deletes old records.",
            free_bytes=free,
        )
    return ok(f"{free / 2**30:.1f} GiB free", free_bytes=free)

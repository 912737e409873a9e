"""Build the plug-in with the machine's own C compiler, try it in the makes at hand, and keep it up to date."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from devtelemetry_cli.client.plugin import approval, trial
from devtelemetry_cli.client.plugin.approval import Approval, Make, stamp
from devtelemetry_cli.errors import reason

# Each call of make loads it, so it has no more pages than it needs. It names no library, and finds its functions in
# make's C library: one that is linked statically offers none, and would have to take in a second C library.
FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared", "-nostdlib", "-Wl,-z,nodelete,-z,now,-z,noseparate-code,-z,norelro")
_STATIC_PART = "-l:libc_nonshared.a"  # of glibc: before 2.33 it has stat
_PATIENCE = 60.0  # seconds for the compiler


class BuildError(Exception):
    """The plug-in cannot be built on this machine; the text gives the reason."""


def ensure(folder: Path, environ: dict[str, str]) -> Approval:
    """Bring the plug-in in `folder` and its approvals up to date: cheap where nothing has changed.

    Raises OSError where the folder cannot be written.
    """
    before = approval.read(folder)
    after = _renewed(before, folder, environ)
    if after != before:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        approval.write(folder, after)
        _remove_others(folder, after)
    return after


def command(compiler: str, source: Path, library: Path, *flags: str) -> list[str]:
    """The call of a compiler that makes `library`, with further `flags`."""
    return [compiler, *FLAGS, *flags, "-o", str(library), str(source), _STATIC_PART]


def remove(folder: Path) -> None:
    """Remove the plug-in with everything about it. A make that has loaded it runs on."""
    shutil.rmtree(folder, ignore_errors=True)


def _renewed(before: Approval, folder: Path, environ: dict[str, str]) -> Approval:
    try:
        source = _source(folder)
    except BuildError as fault:
        return Approval(refusal=str(fault))
    if before.source != source or _digest(before.library(folder)) != before.digest:
        before = _build(folder, Approval(source))
    return _with_makes(before, folder, trial.commands(environ)) if before.digest else before


def _source(folder: Path) -> str:
    """A digest of all that a library is built from: source, flags and compiler. Raises BuildError."""
    if sys.platform != "linux":
        raise BuildError("it needs Linux")
    if not approval.is_literal(str(folder)):
        raise BuildError(f"make cannot name a file in {folder}")
    compiler = shutil.which("cc")
    if compiler is None:
        raise BuildError("there is no C compiler (cc)")
    parts = [_code(), *command(compiler, Path("devtel.c"), Path("devtel.so")), stamp(compiler), os.uname().machine]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _build(folder: Path, planned: Approval) -> Approval:
    """Compile the library and put it in place, approved for no make yet. A failure is kept, not tried again."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415  8 ms, and most commands find it built

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="build-", dir=folder) as name:
        draft = Path(name) / "devtel.so"
        try:
            _compile(draft)
        except BuildError as fault:
            return replace(planned, refusal=str(fault))
        draft.chmod(0o600)
        draft.replace(planned.library(folder))
    return replace(planned, digest=_digest(planned.library(folder)))


def _compile(draft: Path) -> None:
    code = draft.with_name("devtel.c")
    code.write_text(_code(), encoding="utf-8")
    try:
        done = subprocess.run(  # noqa: S603  the developer's own compiler
            command("cc", code, draft), capture_output=True, text=True, timeout=_PATIENCE, check=False, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise BuildError(f"cc cannot be run: {reason(fault)}") from None
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines() or [""]
        raise BuildError(f"cc cannot build it: {errors[0][:200]}")


def _with_makes(before: Approval, folder: Path, commands: list[str]) -> Approval:
    """The approval with those makes tried that are new or have changed, and without those that are gone."""
    kept = {make.command: make for make in before.makes if make.is_current()}
    for command in commands:
        if command not in kept:
            kept[command] = trial.try_make(command, before.library(folder))
    makes: tuple[Make, ...] = tuple(kept.values())
    approved = any(not make.refusal for make in makes)
    return replace(before, makes=makes, refusal="" if approved else "no make at hand can load it")


def _remove_others(folder: Path, kept: Approval) -> None:
    """Remove the libraries of earlier sources."""
    for library in folder.glob("devtel-*.so"):
        if library != kept.library(folder) or not kept.digest:
            library.unlink(missing_ok=True)


def _code() -> str:
    return Path(__file__).with_name("devtel.c").read_text(encoding="utf-8")


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""

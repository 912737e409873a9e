"""Run one call of make with the hook, and read the notes while it runs."""

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from devtelemetry_cli.client import make_call, process
from devtelemetry_cli.commands.makefile import every_target, templates
from devtelemetry_cli.commands.profile.hook import Hook
from devtelemetry_cli.commands.profile.profile import Note, Profile, spans
from devtelemetry_cli.errors import DevtelError

_INTERVAL = 0.003  # seconds between two looks at the notes


@dataclass(frozen=True)
class Ended:
    """A call that ended: its profile, and make's wait status to end with."""

    profile: Profile
    status: int


def run(make: str, words: list[str]) -> Ended:
    """Run `make WORDS` and profile it. Raises DevtelError where make is missing or too old, and OSError."""
    _check(make)
    hook = Hook()
    try:
        notes = _Reader(hook.notes)
        child = process.Child()
        command = [make, *_default_makefile(words), *words, "-f", str(hook.makefile)]
        began = time.monotonic()
        child.start(command, process.given_environment(make))
        notes.start()
        result = child.wait()
        end = time.monotonic()
        found = [Note(at - began, target) for at, target in notes.finish()]
    finally:
        hook.remove()
    code = os.waitstatus_to_exitcode(result.status)
    parallel = _is_parallel(words)
    failed = found[-1].target if code and found and not parallel and not _goes_on(words) else None
    line = " ".join([make, *words])
    return Ended(Profile(line, result.duration, code, spans(found, end - began), parallel, failed), result.status)


class _Reader:
    """Reads the notes in a thread of its own, which handles no signal."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._rest = b""
        self._found: list[tuple[float, str]] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finish(self) -> list[tuple[float, str]]:
        """Every note: the time at which it was read (monotonic) and the target."""
        self._end.set()
        self._thread.join()
        self._read()
        self._file.close()
        return self._found

    def _follow(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._end.wait(_INTERVAL):
            self._read()

    def _read(self) -> None:
        now = time.monotonic()
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        self._found += [(now, line.decode("utf-8", "replace")) for line in lines]


def _check(make: str) -> None:
    try:
        said = subprocess.run([make, "--version"], capture_output=True, check=False, text=True, errors="replace").stdout  # noqa: S603
    except OSError as fault:
        raise DevtelError(f"{make} cannot be run: {fault.strerror}.", "DEVTEL_MAKE names another make.") from None
    version = re.match(r"GNU Make (\d+)", said)
    if version is None or int(version[1]) < 4:
        raise DevtelError(f"{make} is not GNU make 4 or later.", "DEVTEL_MAKE names another make.")


def _default_makefile(words: list[str]) -> list[str]:
    """The `-f` that the call needs, since the hook is another one: the file that make would have taken."""
    if make_call.makefiles(words):
        return []
    folder = Path(make_call.folder(words))
    for name in (templates.EVERY_TARGET, *every_target.MAKEFILES):
        if (folder / name).exists() and not every_target.is_written_here(folder / name):
            return ["-f", name]
    raise DevtelError(f"{folder.absolute()} has no Makefile.", "Name it by -f, or its folder by -C.")


def _is_parallel(words: list[str]) -> bool:
    inherited = os.environ.get("MAKEFLAGS", "").split(" -- ")[0].split()
    flags = make_call.flags([*words, *inherited])
    return bool(flags & {"j", "jo", "job", "jobs", "jobserver-auth"})


def _goes_on(words: list[str]) -> bool:
    """Whether make goes on after a failure, so that the last target need not be the failed one."""
    return any(flag in ("k", "i", "keep-going", "ignore-errors") for flag in make_call.flags(words))

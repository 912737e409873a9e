"""A launchd agent of a macOS user: one property list, and `launchctl` to load it."""

import os
import plistlib
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule import job_file
from devtelemetry_cli.commands.schedule.job import Job
from devtelemetry_cli.errors import DevtelError, reason

LABEL = "devtel.flush"
_SECONDS = 20.0
_ADVICE = (
    "<!-- Written by `devtel schedule install`. "
    f"If devtel is uninstalled: launchctl remove {LABEL}, then delete this file. -->\n"
)


def is_available(environ: dict[str, str]) -> bool:
    """Whether this machine has launchctl, which only macOS has."""
    return _program(environ) is not None


def is_running(environ: dict[str, str]) -> bool:  # noqa: ARG001  the interface of every scheduler
    """Always: launchd is the first process of macOS."""
    return True


def find(environ: dict[str, str]) -> str | None:
    """The property list as it is now; None where there is none. Raises DevtelError."""
    return job_file.read(_file(environ))


def time_of_day(text: str) -> str:
    """The time as HH:MM, or "at another time" where its owner changed it to more than a time of day."""
    when = _parsed(text).get("StartCalendarInterval")
    if isinstance(when, dict) and set(when) == {"Hour", "Minute"} and all(isinstance(n, int) for n in when.values()):
        return f"{when['Hour']:02}:{when['Minute']:02}"
    return "at another time"


def is_current(text: str, job: Job) -> bool:
    """Whether the property list runs exactly this job."""
    return text == _text(job, text)


def install(environ: dict[str, str], job: Job) -> bool:
    """Write or update the property list and load it; whether anything changed. Raises DevtelError, OSError.

    A failure leaves the file as it was.
    """
    if not is_available(environ):
        raise DevtelError("This machine has no launchctl command.", "Nothing was changed.")
    before = find(environ)
    after = _text(job, before or "")
    if after == before and not _run(environ, "print", f"{_domain()}/{LABEL}"):
        return False
    file = _file(environ)
    atomic_files.atomic_write(file, os.fsencode(after))
    _run(environ, "bootout", f"{_domain()}/{LABEL}")  # fails where it was not loaded
    fault = _run(environ, "bootstrap", _domain(), str(file))
    if fault:
        atomic_files.atomic_write(file, os.fsencode(before)) if before else file.unlink(missing_ok=True)
        raise DevtelError(f"launchctl bootstrap failed: {fault}.", "Nothing was changed.")
    return True


def remove(environ: dict[str, str]) -> bool:
    """Unload the agent and delete the property list; whether there was one. Raises OSError."""
    file = _file(environ)
    if not file.exists():
        return False
    if is_available(environ):
        _run(environ, "bootout", f"{_domain()}/{LABEL}")
    file.unlink(missing_ok=True)
    return True


def _text(job: Job, before: str) -> str:
    jobs.refuse_control_characters(job)
    values = {
        "Label": LABEL,
        "ProgramArguments": ["/usr/bin/env", *(f"{name}={value}" for name, value in job.settings.items()), *job.words],
        "StartCalendarInterval": _parsed(before).get("StartCalendarInterval")
        or {"Hour": job.hour, "Minute": job.minute},
        "ProcessType": "Background",
        "StandardOutPath": os.devnull,
        "StandardErrorPath": os.devnull,
    }
    head, plist, rest = plistlib.dumps(values).decode().partition("<plist")
    return f"{head}{_ADVICE}{plist}{rest}"


def _parsed(text: str) -> dict[str, Any]:
    try:
        values = plistlib.loads(os.fsencode(text))
    except (ValueError, plistlib.InvalidFileException, ExpatError):
        return {}
    return values if isinstance(values, dict) else {}


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _file(environ: dict[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home()) / "Library" / "LaunchAgents" / f"{LABEL}.plist"


def _program(environ: dict[str, str]) -> str | None:
    return shutil.which("launchctl", path=environ.get("PATH") or os.defpath)


def _run(environ: dict[str, str], *arguments: str) -> str:
    """Call `launchctl`; the error on one line, empty on success."""
    program = _program(environ)
    if program is None:
        return "there is no launchctl command"
    try:
        done = subprocess.run(  # noqa: S603  the system's own command
            [program, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as fault:
        return reason(fault)
    if done.returncode == 0:
        return ""
    return one_line(done.stderr.decode("utf-8", "replace")).rstrip(".") or f"exit code {done.returncode}"

"""A timer of the user's systemd: two unit files, and `systemctl --user` to start it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from devtelemetry_cli.client import atomic_files, paths
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule import job_file
from devtelemetry_cli.commands.schedule.job import Job
from devtelemetry_cli.errors import DevtelError, reason

NAME = "devtel-flush"
_FIRST_WORDS = "# Written by `devtel schedule install`"
_HEADER = f"""\
{_FIRST_WORDS}; `devtel schedule remove` deletes it.
# If devtel is uninstalled: systemctl --user disable --now {NAME}.timer, then delete {NAME}.timer and .service.
"""
_PATIENCE = 20.0  # seconds
_SERVICE = """\
[Unit]
Description=Send devtel's daily reports (devtel uninstalled? Delete {name}.timer and .service)

[Service]
Type=oneshot
{environment}ExecStart=/usr/bin/env {command}
TimeoutStartSec=120
# 69 and 75: the endpoint is unavailable; the next flush will send any pending reports.
SuccessExitStatus=69 75
"""
_TIMER = """\
[Unit]
Description=Send devtel's daily reports

[Timer]
OnCalendar={calendar}
# A machine that was off catches up; a random delay keeps a fleet from sending at once after a power cut.
Persistent=true
RandomizedDelaySec=15min

[Install]
WantedBy=timers.target
"""


def is_available(environ: dict[str, str]) -> bool:
    """Whether the user's systemd runs, so that it would start a timer."""
    return _run(environ, "show-environment") == ""


def is_running(environ: dict[str, str]) -> bool:
    """Whether the user's systemd runs."""
    return is_available(environ)


def find(environ: dict[str, str]) -> str | None:
    """Both unit files in one text; None unless devtel wrote both. Raises DevtelError."""
    texts = [job_file.read(_file(environ, kind)) for kind in ("timer", "service")]
    is_ours = all(text and text.startswith(_FIRST_WORDS) for text in texts)
    return "".join(text or "" for text in texts) if is_ours else None


def time_of_day(text: str) -> str:
    """The time of the timer as HH:MM, or its own expression where its owner changed it."""
    calendar = _calendar(text)
    return calendar[6:11] if re.fullmatch(r"\*-\*-\* \d\d:\d\d:00", calendar) else calendar


def is_current(text: str, job: Job) -> bool:
    """Whether the units run exactly this job."""
    return text == "".join(str(unit) for unit in _units(job, text).values())


def install(environ: dict[str, str], job: Job) -> bool:
    """Write or update the units and start the timer; whether anything changed.

    A failure leaves the files as they were. Raises DevtelError, OSError.
    """
    if not is_available(environ):
        raise DevtelError("No user systemd is running.", "Try --with crontab. Nothing was changed.")
    before = {kind: job_file.read(_file(environ, kind)) for kind in ("timer", "service")}
    for kind, text in before.items():
        if text is not None and not text.startswith(_FIRST_WORDS):
            raise DevtelError(f"{_file(environ, kind)} exists and was not written by devtel.", "Nothing was changed.")
    after = _units(job, before["timer"] or "")
    if after == before and not _run(environ, "is-active", "--quiet", f"{NAME}.timer"):
        return False
    try:
        _write(environ, after)
        _must(environ, "daemon-reload")
        _must(environ, "enable", f"{NAME}.timer")
        _must(environ, "restart", f"{NAME}.timer")
    except (DevtelError, OSError):
        _write(environ, before)
        _run(environ, "daemon-reload")
        raise
    return True


def remove(environ: dict[str, str]) -> bool:
    """Stop the timer and delete the units; whether there were any. Raises OSError, DevtelError."""
    texts = {kind: job_file.read(_file(environ, kind)) or "" for kind in ("timer", "service")}
    found = [kind for kind, text in texts.items() if text.startswith(_FIRST_WORDS)]
    if not found:
        return False
    if is_available(environ):
        _must(environ, "disable", "--now", f"{NAME}.timer")
    # The link that `enable` made, where no systemd runs to delete it.
    (_folder(environ) / "timers.target.wants" / f"{NAME}.timer").unlink(missing_ok=True)
    _write(environ, dict.fromkeys(found))
    _run(environ, "daemon-reload")
    return True


def _units(job: Job, before: str) -> dict[str, str | None]:
    jobs.refuse_control_characters(job)
    calendar = _calendar(before) or f"*-*-* {job.hour:02}:{job.minute:02}:00"
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.settings.items())
    # By env, since systemd takes no quotes around the command itself; in its arguments $ is special.
    command = " ".join(_quoted(word).replace("$", "$$") for word in job.words)
    return {
        "timer": _HEADER + _TIMER.format(calendar=calendar),
        "service": _HEADER + _SERVICE.format(name=NAME, environment=environment, command=command),
    }


def _quoted(word: str) -> str:
    """A word in quotes (systemd.syntax(7)); a plain % would begin a specifier."""
    return '"{}"'.format(word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%"))


def _calendar(text: str) -> str:
    found = re.search(r"^OnCalendar=(.+)$", text, flags=re.MULTILINE)
    return found[1].strip() if found else ""


def _folder(environ: dict[str, str]) -> Path:
    # In the user's configuration folder, which DEVTEL_HOME does not move.
    return Path(paths.config_file({**environ, "DEVTEL_HOME": ""}, "linux")).parent.parent / "systemd" / "user"


def _file(environ: dict[str, str], kind: str) -> Path:
    return _folder(environ) / f"{NAME}.{kind}"


def _write(environ: dict[str, str], texts: dict[str, str | None]) -> None:
    for kind, text in texts.items():
        if text is None:
            _file(environ, kind).unlink(missing_ok=True)
        else:
            atomic_files.atomic_write(_file(environ, kind), os.fsencode(text))


def _must(environ: dict[str, str], *arguments: str) -> None:
    fault = _run(environ, *arguments)
    if fault:
        raise DevtelError(f"systemctl --user {arguments[0]} failed: {fault}.", "Nothing was changed.")


def _run(environ: dict[str, str], *arguments: str) -> str:
    """Call `systemctl --user`; the error on one line, empty on success."""
    program = shutil.which("systemctl", path=environ.get("PATH") or os.defpath)
    if program is None:
        return "there is no systemctl command"
    try:
        done = subprocess.run(  # noqa: S603  the system's own command
            [program, "--user", *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={**environ, "LC_ALL": "C"},
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as fault:
        return reason(fault)
    said = one_line(done.stderr.decode("utf-8", "replace")).rstrip(".")
    return "" if done.returncode == 0 else said or f"exit code {done.returncode}"

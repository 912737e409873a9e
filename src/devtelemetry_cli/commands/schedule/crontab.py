"""One marked line in the user's crontab. Every other byte stays as it is, and a failure changes nothing."""

import os
import re
import shlex
import shutil
import subprocess
import sys

from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule.job import Job
from devtelemetry_cli.errors import ConfigurationError, DevtelError, reason

_DAEMONS = frozenset({"cron", "crond", "fcron", "dcron", "busybox", "systemd-cron", "cronie"})
_OLDER_MARK = b" # devtel schedule"
MARK = _OLDER_MARK + b": delete this line if devtel is uninstalled"  # cron's mail about a failure quotes the line
_LONGEST = 990  # bytes: some crons cut a command off after 998
_PATIENCE = 20.0  # seconds


class DeniedError(DevtelError):
    """This user may not have a crontab, so it cannot hold a line of devtel."""


def is_available(environ: dict[str, str]) -> bool:
    """Whether this machine has a crontab command that this user may use."""
    return _program(environ) is not None and not _is_denied(environ)


def is_running(environ: dict[str, str]) -> bool:  # noqa: ARG001  the interface of every scheduler
    """Whether a cron daemon runs; assumed outside Linux, where the system starts cron when it is needed."""
    if sys.platform != "linux":
        return True
    import psutil  # noqa: PLC0415  15 ms, and only a proposal needs it

    return any(process.info["name"] in _DAEMONS for process in psutil.process_iter(["name"]))


def find(environ: dict[str, str]) -> str | None:
    """The line of devtel as it is now; None where there is none. Raises DevtelError where the crontab is unreadable."""
    marked = [line for line in _readable(environ).splitlines() if _is_marked(line)]
    return os.fsdecode(marked[0]) if marked else None


def time_of_day(text: str) -> str:
    """The time of the line as HH:MM, or its own expression (`@daily`, five fields) where its owner changed it."""
    daily = re.fullmatch(r"(\d{1,2}) (\d{1,2}) \* \* \*", _times(text))
    return f"{int(daily[2]):02}:{int(daily[1]):02}" if daily else _times(text)


def is_current(text: str, job: Job) -> bool:
    """Whether the line runs exactly this job."""
    return text == _line(job, text)


def install(environ: dict[str, str], job: Job) -> bool:
    """Add the line, or update it and keep its time; whether anything changed. Raises DevtelError."""
    before = _read(environ)
    lines = before.splitlines(keepends=True)
    marked = [number for number, line in enumerate(lines) if _is_marked(line)]
    new = os.fsencode(_line(job, os.fsdecode(lines[marked[0]]) if marked else "")) + b"\n"
    if marked:
        lines[marked[0]] = new
        for number in reversed(marked[1:]):
            del lines[number]
    elif before and not before.endswith(b"\n"):
        lines.insert(0, new)  # at the end, a line break would have to be added to another program's line
    else:
        lines.append(new)
    return _replace(environ, before, b"".join(lines))


def remove(environ: dict[str, str]) -> bool:
    """Remove the line; whether there was one. Raises DevtelError."""
    before = _readable(environ)
    return _replace(
        environ, before, b"".join(line for line in before.splitlines(keepends=True) if not _is_marked(line))
    )


def _line(job: Job, before: str) -> str:
    jobs.refuse_control_characters(job, others="\\")  # crons differ in what they make of a backslash
    times = _times(before) or f"{job.minute} {job.hour} * * *"
    settings = [f"{name}={value}" for name, value in job.settings.items()]
    # env sets the variables, not the shell: the crontab may name a SHELL with another syntax for that.
    words = ["/usr/bin/env", *settings, *job.words] if settings else job.words
    command = shlex.join(words).replace("%", "\\%")  # cron turns a plain % into a line break, quoted or not
    if len(os.fsencode(command)) > _LONGEST:
        raise ConfigurationError("The command is too long for a crontab.", "Try --with systemd. Nothing was changed.")
    return f"{times} {command}{MARK.decode()}"


def _times(line: str) -> str:
    """The time expression of a line: five fields, or one that begins with @; empty for an empty line."""
    words = line.split()
    return " ".join(words[: 1 if line.lstrip().startswith("@") else 5])


def _is_marked(line: bytes) -> bool:
    """Whether devtel wrote the line. A line that its owner commented out belongs to the owner."""
    return line.rstrip(b"\r\n").endswith((MARK, _OLDER_MARK)) and not line.lstrip().startswith(b"#")


def _is_denied(environ: dict[str, str]) -> bool:
    try:
        _read(environ)
    except DeniedError:
        return True
    except DevtelError:
        return False  # a fault that `install` reports
    return False


def _readable(environ: dict[str, str]) -> bytes:
    """The crontab; empty where this user cannot have one. Raises DevtelError."""
    try:
        return _read(environ) if _program(environ) else b""
    except DeniedError:
        return b""


def _read(environ: dict[str, str]) -> bytes:
    done = _run(environ, "-l")
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.lower()
    if b"no crontab for" in said or (b"can't open" in said and b"no such file" in said):
        return b""
    raise _failed("crontab -l", done, DeniedError if b"not allowed" in said else DevtelError)


def _replace(environ: dict[str, str], before: bytes, after: bytes) -> bool:
    if after == before:
        return False
    done = _run(environ, "-", data=after) if after else _run(environ, "-r")
    if done.returncode != 0:
        raise _failed("crontab", done)
    if _read(environ) != after:
        raise DevtelError("The crontab does not contain what was written.", "Check it: crontab -l.")
    return True


def _failed(what: str, done: subprocess.CompletedProcess[bytes], kind: type[DevtelError] = DevtelError) -> DevtelError:
    said = one_line(done.stderr.decode("utf-8", "replace")).rstrip(".")
    return kind(f"{what} failed: {said or f'exit code {done.returncode}'}.", "Nothing was changed.")


def _program(environ: dict[str, str]) -> str | None:
    return shutil.which("crontab", path=environ.get("PATH") or os.defpath)


def _run(environ: dict[str, str], argument: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = _program(environ)
    if program is None:
        raise DevtelError("This machine has no crontab command.", "Nothing was changed.")
    # In the C locale its messages are known; without its header, the output is the crontab itself.
    english = {name: value for name, value in environ.items() if name != "CRONTAB_NOHEADER"} | {"LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603  the system's own command
            [program, argument], input=data, capture_output=True, env=english, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise DevtelError(f"crontab cannot be run: {reason(fault)}.", "Nothing was changed.") from None

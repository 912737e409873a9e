"""One marked line in the user's crontab. Every other byte stays as it is, and what fails changes nothing."""

import os
import shlex
import shutil
import subprocess

from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule.job import Job
from devtelemetry_cli.errors import ConfigurationError, DevtelError

MARK = b" # devtel schedule"
_LONGEST = 990  # bytes: some crons cut a command off after 998
_PATIENCE = 20.0  # seconds


class DeniedError(DevtelError):
    """This user may have no crontab at all, so nothing of ours can be in one."""


def is_available(environ: dict[str, str]) -> bool:
    """Whether this machine has a crontab command, and we may use it."""
    return _program(environ) is not None and not _is_denied(environ)


def find(environ: dict[str, str]) -> str | None:
    """Our line as it stands, None where there is none. Raises DevtelError where the crontab cannot be read."""
    ours = [line for line in _read(environ).splitlines() if _is_ours(line)] if is_available(environ) else []
    return os.fsdecode(ours[0]) if ours else None


def when(text: str) -> str:
    """The time of our line as HH:MM, or its five fields where somebody changed them."""
    fields = text.split()[:5]
    minute, hour = fields[:2]
    plain = fields[2:] == ["*", "*", "*"] and minute.isdigit() and hour.isdigit()
    return f"{int(hour):02}:{int(minute):02}" if plain else " ".join(fields)


def is_current(text: str, job: Job) -> bool:
    """Whether our line runs just this job."""
    return text == _line(job, text)


def install(environ: dict[str, str], job: Job) -> bool:
    """Put our line in, or make it what it should be at the time it has; whether it changed. Raises DevtelError."""
    before = _read(environ)
    lines = before.splitlines(keepends=True)
    ours = [number for number, line in enumerate(lines) if _is_ours(line)]
    new = os.fsencode(_line(job, os.fsdecode(lines[ours[0]]) if ours else "")) + b"\n"
    if ours:
        lines[ours[0]] = new
        for number in reversed(ours[1:]):
            del lines[number]
    elif before and not before.endswith(b"\n"):
        lines.insert(0, new)  # behind it, the line break would have to be added to somebody else's line
    else:
        lines.append(new)
    return _replace(environ, before, b"".join(lines))


def remove(environ: dict[str, str]) -> bool:
    """Take our line out; whether there was one. Raises DevtelError."""
    if not is_available(environ):
        return False
    before = _read(environ)
    return _replace(environ, before, b"".join(line for line in before.splitlines(keepends=True) if not _is_ours(line)))


def _line(job: Job, before: str) -> str:
    jobs.refuse_control_characters(job, others="\\")  # crons differ in what they make of a backslash
    hour, minute = jobs.some_time()
    fields = " ".join(before.split()[:5]) or f"{minute} {hour} * * *"
    settings = [f"{name}={value}" for name, value in job.settings.items()]
    # By env and not by the shell: the crontab may name another SHELL, which has its own way to set variables.
    words = ["/usr/bin/env", *settings, *job.words] if settings else job.words
    command = shlex.join(words).replace("%", "\\%")  # cron would make a line break of it, quoted or not
    if len(os.fsencode(command)) > _LONGEST:
        raise ConfigurationError("The command is too long for a crontab.", "Try --with systemd. Nothing was changed.")
    return f"{fields} {command}{MARK.decode()}"


def _is_ours(line: bytes) -> bool:
    """Whether devtel wrote the line. One that somebody made a comment of is theirs."""
    return line.rstrip(b"\r\n").endswith(MARK) and not line.lstrip().startswith(b"#")


def _is_denied(environ: dict[str, str]) -> bool:
    try:
        _read(environ)
    except DeniedError:
        return True
    except DevtelError:
        return False  # a fault that whoever wants it must hear of
    return False


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
        raise DevtelError("crontab did not keep what it was given.", "Look at it: crontab -l.")
    return True


def _failed(what: str, done: subprocess.CompletedProcess[bytes], kind: type[DevtelError] = DevtelError) -> DevtelError:
    said = " ".join("".join(c if c.isprintable() else " " for c in done.stderr.decode("utf-8", "replace")).split())
    return kind(f"{what} failed: {said[:300] or f'it ended with {done.returncode}'}.", "Nothing was changed.")


def _program(environ: dict[str, str]) -> str | None:
    return shutil.which("crontab", path=environ.get("PATH") or os.defpath)


def _run(environ: dict[str, str], argument: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = _program(environ)
    if program is None:
        raise DevtelError("There is no crontab command here.", "Nothing was changed.")
    # In C its messages are those that we know; without its header, what it prints is what it was given.
    english = {name: value for name, value in environ.items() if name != "CRONTAB_NOHEADER"} | {"LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603  the system's own command
            [program, argument], input=data, capture_output=True, env=english, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise DevtelError(f"crontab cannot be run: {fault}.", "Nothing was changed.") from None

"""A background flush after a recorded run (client/background_flush.py): for machines without a scheduler."""

import json
from pathlib import Path

from devtelemetry_cli.client import atomic_files, paths
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule import job_file
from devtelemetry_cli.commands.schedule.job import Job

_BOUNDED = ("--quiet", "--deadline", "60")


def is_available(environ: dict[str, str]) -> bool:  # noqa: ARG001  the interface of every scheduler
    """Always."""
    return True


def is_running(environ: dict[str, str]) -> bool:  # noqa: ARG001  as above
    """Always: recorded runs start it."""
    return True


def find(environ: dict[str, str]) -> str | None:
    """The command file's text; None where there is none. Raises DevtelError."""
    return job_file.read(_file(environ))


def time_of_day(text: str) -> str:  # noqa: ARG001  as above
    """When a flush starts, in words."""
    return "after a recorded run, at most once a day"


def is_current(text: str, job: Job) -> bool:
    """Whether the file runs exactly this job."""
    return text == _text(job)


def install(environ: dict[str, str], job: Job) -> bool:
    """Write the command file; whether anything changed. Raises OSError, DevtelError."""
    if find(environ) == _text(job):
        return False
    atomic_files.atomic_write(_file(environ), _text(job).encode())
    return True


def remove(environ: dict[str, str]) -> bool:
    """Delete the command file; whether there was one. Raises OSError."""
    file = _file(environ)
    exists = file.exists()
    file.unlink(missing_ok=True)
    return exists


def _text(job: Job) -> str:
    jobs.refuse_control_characters(job)
    settings = [f"{name}={value}" for name, value in job.settings.items()]
    return json.dumps(["/usr/bin/env", *settings, "nice", "-n", "10", *job.words, *_BOUNDED])


def _file(environ: dict[str, str]) -> Path:
    return Path(paths.state_dir(environ).background_flush)

"""Which scheduler of schedules is used, and what is installed."""

from dataclasses import dataclass
from typing import Protocol

from devtelemetry_cli.commands.schedule import crontab, systemd
from devtelemetry_cli.commands.schedule.job import Job
from devtelemetry_cli.errors import ConfigurationError, DevtelError


class Scheduler(Protocol):
    """What starts things daily; a module each."""

    def is_available(self, environ: dict[str, str]) -> bool:
        """Whether this machine has it."""

    def find(self, environ: dict[str, str]) -> str | None:
        """What we put there, as it stands."""

    def when(self, text: str) -> str:
        """The time of day in what we put there."""

    def is_current(self, text: str, job: Job) -> bool:
        """Whether it is what `install` would put there now."""

    def install(self, environ: dict[str, str], job: Job) -> bool:
        """Put it there; whether anything changed."""

    def remove(self, environ: dict[str, str]) -> bool:
        """Take it away; whether there was anything."""


# A systemd comes first: it is known to run, and it catches up after a machine was off.
SCHEDULERS: dict[str, Scheduler] = {"systemd": systemd, "crontab": crontab}


@dataclass(frozen=True)
class InstalledSchedule:
    """An installed schedule: its scheduler, its time, its text, and whether `install` would write the same."""

    scheduler: str
    when: str
    text: str
    is_current: bool


def find(environ: dict[str, str], job: Job) -> list[InstalledSchedule]:
    """Every schedule of ours that is installed. Raises DevtelError."""
    found = [(name, scheduler, scheduler.find(environ)) for name, scheduler in SCHEDULERS.items()]
    return [
        InstalledSchedule(name, scheduler.when(text), text, scheduler.is_current(text, job))
        for name, scheduler, text in found
        if text
    ]


def is_in_place(environ: dict[str, str]) -> bool:
    """Whether anything of ours runs daily, as far as that can be seen."""
    try:
        return any(scheduler.find(environ) for scheduler in SCHEDULERS.values())
    except DevtelError:
        return False


def available(environ: dict[str, str]) -> list[str]:
    """The keepers that this machine has."""
    return [name for name, scheduler in SCHEDULERS.items() if scheduler.is_available(environ)]


def install(environ: dict[str, str], job: Job, wanted: str = "") -> tuple[str, bool]:
    """Put the schedule in place with the scheduler `wanted`, else the one that has it, else the first that is there.

    Its name, and whether anything changed. No other scheduler has it afterwards. Raises DevtelError, OSError.
    """
    scheduler = (
        wanted
        or next((name for name, scheduler in SCHEDULERS.items() if scheduler.find(environ)), "")
        or _first(environ)
    )
    changed = SCHEDULERS[scheduler].install(environ, job)
    for name, other in SCHEDULERS.items():
        if name != scheduler:
            changed |= other.remove(environ)
    return scheduler, changed


def remove(environ: dict[str, str]) -> list[str]:
    """Take the schedule away wherever it is; the names of those that had it. Raises DevtelError, OSError."""
    return [name for name, scheduler in SCHEDULERS.items() if scheduler.remove(environ)]


def _first(environ: dict[str, str]) -> str:
    names = available(environ)
    if not names:
        raise ConfigurationError(
            "Neither a systemd of yours nor a crontab command is here.",
            "Let whatever starts things daily on this machine run `devtel flush`.",
        )
    return names[0]

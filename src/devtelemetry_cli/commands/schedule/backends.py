"""The choice of a scheduler, and the installed schedules."""

import re
from dataclasses import dataclass
from typing import Protocol

from devtelemetry_cli.client import locks, paths
from devtelemetry_cli.commands.schedule import background, crontab, launchd, systemd
from devtelemetry_cli.commands.schedule.job import Job
from devtelemetry_cli.errors import ConfigurationError, DevtelError


class Scheduler(Protocol):
    """A program that starts jobs daily; one module each."""

    def is_available(self, environ: dict[str, str]) -> bool:
        """Whether this machine has it."""

    def is_running(self, environ: dict[str, str]) -> bool:
        """Whether it would start a job now."""

    def find(self, environ: dict[str, str]) -> str | None:
        """The text that devtel installed, as it is now; None where there is none."""

    def time_of_day(self, text: str) -> str:
        """The time in that text: HH:MM, or the scheduler's own expression."""

    def is_current(self, text: str, job: Job) -> bool:
        """Whether `install` would write the same text."""

    def install(self, environ: dict[str, str], job: Job) -> bool:
        """Install the job; whether anything changed."""

    def remove(self, environ: dict[str, str]) -> bool:
        """Remove it; whether there was anything."""


# systemd comes first: it is known to run, and it catches up after a machine was off. `background` must be chosen.
SCHEDULERS: dict[str, Scheduler] = {
    "systemd": systemd,
    "launchd": launchd,
    "crontab": crontab,
    "background": background,
}


# What is wrong, and what to do.
NOT_RUNNING = {
    "systemd": (
        "There is a timer of devtel, but no user systemd is running.",
        "Log in at the machine itself, or: devtel schedule install --with crontab.",
    ),
    "crontab": (
        "Your crontab has a line of devtel, but no cron daemon is running on this machine.",
        "Start cron, or: devtel schedule install --with background.",
    ),
}


@dataclass(frozen=True)
class InstalledSchedule:
    """An installed schedule; `is_current` is false where `install` would write another text."""

    scheduler: str
    when: str
    text: str
    is_current: bool

    def __str__(self) -> str:
        """The schedule in words: "daily at 11:17 (crontab)"."""
        return _in_words(self.scheduler, self.when)


def find(environ: dict[str, str], job: Job) -> list[InstalledSchedule]:
    """Every schedule that devtel installed. Raises DevtelError."""
    found = [(name, scheduler, scheduler.find(environ)) for name, scheduler in SCHEDULERS.items()]
    return [
        InstalledSchedule(name, scheduler.time_of_day(text), text, scheduler.is_current(text, job))
        for name, scheduler, text in found
        if text
    ]


def is_installed(environ: dict[str, str]) -> bool:
    """Whether devtel installed any schedule; false where that cannot be read."""
    try:
        return any(scheduler.find(environ) for scheduler in SCHEDULERS.values())
    except DevtelError:
        return False


def available(environ: dict[str, str]) -> list[str]:
    """The schedulers of this machine; `background` is always one."""
    return [name for name, scheduler in SCHEDULERS.items() if scheduler.is_available(environ)]


def choose(environ: dict[str, str]) -> str:
    """The scheduler that `install` uses: the one that has the job, else the first available. Raises DevtelError."""
    return next((name for name, one in SCHEDULERS.items() if one.find(environ)), "") or _first(environ)


def propose(environ: dict[str, str], job: Job) -> tuple[str, str]:
    """The scheduler to offer, and its time in words: the first that would start a job, else `background`."""
    name = next(name for name in available(environ) if SCHEDULERS[name].is_running(environ))  # `background` always is
    return name, _in_words(name, background.time_of_day("") if name == "background" else job.time)


def install(environ: dict[str, str], job: Job, wanted: str = "") -> tuple[str, bool]:
    """Install the job with the scheduler `wanted`, else with that of `choose`.

    The scheduler's name, and whether anything changed. Other schedulers lose the job. Raises DevtelError, OSError.
    """
    _check_owner(environ)
    name = wanted or choose(environ)
    changed = SCHEDULERS[name].install(environ, job)
    for other, scheduler in SCHEDULERS.items():
        if other != name:
            changed |= scheduler.remove(environ)
    return name, changed


def remove(environ: dict[str, str]) -> list[str]:
    """Remove the job everywhere; the names of the schedulers that had it. Raises DevtelError, OSError."""
    _check_owner(environ)
    return [name for name, scheduler in SCHEDULERS.items() if scheduler.remove(environ)]


def _check_owner(environ: dict[str, str]) -> None:
    """Refuse a home of another user: a job of root would run there, and its files be out of the owner's reach."""
    locks.check_owner(paths.state_dir(environ))


def _in_words(scheduler: str, when: str) -> str:
    is_time = re.fullmatch(r"\d\d:\d\d", when)
    return f"{'daily at ' if is_time else ''}{when} ({scheduler})"


def _first(environ: dict[str, str]) -> str:
    names = [name for name in available(environ) if name != "background"]
    if not names:
        raise ConfigurationError(
            "Neither a user systemd nor crontab is available.",
            "Run `devtel flush` daily by another scheduler, or: devtel schedule install --with background.",
        )
    return names[0]

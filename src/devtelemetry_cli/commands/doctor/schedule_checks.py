"""Whether anything flushes daily."""

import sys
from collections.abc import Iterator

import psutil

from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule.backends import InstalledSchedule

_OTHERWISE = 3 * 86400.0  # seconds: a flush in that time means that something else starts it
_CRONS = frozenset({"cron", "crond", "fcron", "dcron", "busybox", "systemd-cron", "cronie"})


def schedule(env: Environment) -> Iterator[Finding]:
    """The daily flush: installed, up to date, and with something that starts it."""
    environ = env.context.environ
    installed = backends.find(environ, jobs.flush(environ, env.started_as))
    for one in installed:
        yield from _look(env, one)
    if installed or not env.granted:
        if not installed:
            yield ok("no daily flush, and nothing to send")
        return
    last = max((visit.last_flush for one in env.granted for visit in env.visits(one.key)), default=0.0)
    if env.now - last < _OTHERWISE:
        yield note("devtel schedules no flush, but something else has called it these days.")
    else:
        yield problem("Nothing sends your reports.", "`devtel schedule install` does, once a day.")


def _look(env: Environment, one: InstalledSchedule) -> Iterator[Finding]:
    if one.scheduler == "crontab" and sys.platform == "linux" and not _a_cron_runs():
        yield problem("A line stands in your crontab, but no cron runs here.", "Start cron, or ask who can.")
    elif one.scheduler == "systemd" and not backends.SCHEDULERS["systemd"].is_available(env.context.environ):
        advice = "Log in at the machine itself, or: devtel schedule install --with crontab."
        yield problem("There is a timer, but no systemd of yours runs here.", advice)
    elif not one.is_current:
        yield note(
            f"The schedule ({one.scheduler}) differs from this devtel and its settings.", "devtel schedule install"
        )
    else:
        yield ok(f"devtel flush, daily at {one.when}, by {one.scheduler}", scheduler=one.scheduler, when=one.when)


def _a_cron_runs() -> bool:
    return any(process.info["name"] in _CRONS for process in psutil.process_iter(["name"]))

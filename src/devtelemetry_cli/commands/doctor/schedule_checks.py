"""Check of the daily flush: installed, up to date, started, and sending."""

from collections.abc import Iterator

from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.schedule import backends, crontab
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule.backends import InstalledSchedule

_OTHERWISE = 3 * 86400.0  # seconds: a flush in that time means that another scheduler starts it


def schedule(env: Environment) -> Iterator[Finding]:
    """The daily flush."""
    environ = env.context.environ
    installed = backends.find(environ, jobs.flush(environ, env.started_as))
    for one in installed:
        yield from _check(env, one)
    if installed:
        return
    if not env.granted:
        yield ok("no daily flush, and nothing to send")
        return
    last = max((status.last_flush for one in env.granted for status in env.delivery(one.key)), default=0.0)
    if env.now - last < _OTHERWISE:
        yield note("devtel installed no schedule, but a flush ran within the last 3 days.")
    else:
        yield problem("No schedule sends your reports.", "`devtel schedule install` sends daily.")


def _check(env: Environment, one: InstalledSchedule) -> Iterator[Finding]:
    if one.scheduler == "crontab" and not crontab.is_running():
        yield problem("Your crontab has a line of devtel, but no cron daemon is running.", "Start cron.")
    elif one.scheduler == "systemd" and not backends.SCHEDULERS["systemd"].is_available(env.context.environ):
        advice = "Log in at the machine itself, or: devtel schedule install --with crontab."
        yield problem("There is a timer of devtel, but no user systemd is running.", advice)
    elif not one.is_current:
        yield note(f"The schedule ({one.scheduler}) is out of date.", "`devtel schedule install` updates it.")
    else:
        yield ok(f"devtel flush, {one}", scheduler=one.scheduler, when=one.when)

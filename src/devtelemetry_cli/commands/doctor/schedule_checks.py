"""Check of the daily flush: installed, up to date, started, and sending."""

from collections.abc import Iterator
from datetime import timedelta

from devtelemetry_cli.commands import unsent
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.commands.schedule import job as jobs
from devtelemetry_cli.commands.schedule.backends import InstalledSchedule


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
    advice = "`devtel schedule install` sends daily."
    if _has_old_unsent_days(env):
        yield problem(f"Reports older than {unsent.DAYS} days are not sent, and there is no schedule.", advice)
    else:
        yield note("No schedule of devtel sends your reports.", advice)


def _has_old_unsent_days(env: Environment) -> bool:
    """Whether any day is overdue: another scheduler than devtel's may send in time."""
    limit = (env.today - timedelta(days=unsent.DAYS)).isoformat()
    return any(day < limit for one in env.granted for day in unsent.days(env.context.state, one, env.today))


def _check(env: Environment, one: InstalledSchedule) -> Iterator[Finding]:
    if not backends.SCHEDULERS[one.scheduler].is_running(env.context.environ):
        yield problem(*backends.NOT_RUNNING[one.scheduler])
    elif not one.is_current:
        yield note(f"The schedule ({one.scheduler}) is out of date.", "`devtel schedule install` updates it.")
    else:
        yield ok(f"devtel flush, {one}", scheduler=one.scheduler, when=one.when)

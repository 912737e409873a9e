"""The list of checks, and the loop that runs them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from devtelemetry_cli.commands.doctor import (
    clock_checks,
    consent_checks,
    makefile_checks,
    network_checks,
    path_checks,
    plugin_checks,
    record_checks,
    schedule_checks,
    settings_checks,
)
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, problem
from devtelemetry_cli.errors import DevtelError, of_file

Check = Callable[[Environment], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("paths", path_checks.config),
    ("paths", path_checks.tokens),
    ("paths", path_checks.state),
    ("settings", settings_checks.readable),
    ("settings", settings_checks.sources),
    ("settings", settings_checks.unknown),
    ("consent", consent_checks.state),
    ("records", record_checks.journal),
    ("records", record_checks.dropped_records),
    ("records", record_checks.ledger),
    ("records", record_checks.orphans),
    ("erasures", consent_checks.pending_erasures),
    ("network", network_checks.proxy),
    ("network", network_checks.certificates),
    ("network", network_checks.destination),
    ("network", network_checks.stored_token),
    ("network", network_checks.reports),
    ("clock", clock_checks.journals),
    ("clock", clock_checks.endpoint),
    ("schedule", schedule_checks.schedule),
    ("builds", makefile_checks.fragment_file),
    ("builds", makefile_checks.measured),
    ("builds", makefile_checks.start_script),
    ("builds", plugin_checks.plugin),
)


def examine(env: Environment, checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """The findings of every check, in order, without repetitions: one fault may affect several checks."""
    seen: set[tuple[str, str]] = set()
    for name, check in checks:
        for finding in _run(check, env):
            if (name, finding.message) not in seen:
                seen.add((name, finding.message))
                yield replace(finding, check=name)


def _run(check: Check, env: Environment) -> Iterator[Finding]:
    try:
        yield from check(env)
    except DevtelError as fault:
        yield problem(fault.message, fault.advice)
    except OSError as fault:
        yield problem(of_file(fault).message, "Make it readable for your user, or delete it.")
    except Exception as fault:  # one failed check must not hide the others
        yield problem(
            f"This check failed ({type(fault).__name__}: {fault}).", "This is a bug in devtel: please report it."
        )

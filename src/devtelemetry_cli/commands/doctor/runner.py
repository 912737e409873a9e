"""Every check, in the order in which a person would look; and the one net that lets no damage end the doctor."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from devtelemetry_cli.commands.doctor import (
    clock_checks,
    consent_checks,
    cost,
    makefile_checks,
    network_checks,
    path_checks,
    record_checks,
    schedule_checks,
    settings_checks,
)
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, problem
from devtelemetry_cli.errors import DevtelError

Check = Callable[[Environment], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("paths", path_checks.config),
    ("paths", path_checks.tokens),
    ("paths", path_checks.state),
    ("settings", settings_checks.readable),
    ("settings", settings_checks.sources),
    ("settings", settings_checks.unknown),
    ("consent", consent_checks.consent),
    ("records", record_checks.journal),
    ("records", record_checks.dropped_records),
    ("records", record_checks.ledger),
    ("records", record_checks.orphans),
    ("erasures", consent_checks.owed),
    ("network", network_checks.proxy),
    ("network", network_checks.certificates),
    ("network", network_checks.destination),
    ("network", network_checks.reports),
    ("clock", clock_checks.journals),
    ("clock", clock_checks.endpoint),
    ("schedule", schedule_checks.schedule),
    ("builds", makefile_checks.fragment_file),
    ("builds", makefile_checks.start_script),
    ("cost", cost.overhead),
)


def examine(env: Environment, checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """What every check finds, one after another, and nothing twice: one fault may be in the way of several."""
    told: set[tuple[str, str]] = set()
    for name, check in checks:
        for finding in _run(check, env):
            if (name, finding.message) not in told:
                told.add((name, finding.message))
                yield replace(finding, check=name)


def _run(check: Check, env: Environment) -> Iterator[Finding]:
    try:
        yield from check(env)
    except DevtelError as fault:
        yield problem(fault.message, fault.advice)
    except OSError as fault:
        where = f"{fault.filename}: " if fault.filename else ""
        yield problem(f"{where}{fault.strerror or fault}.", "Make it readable for you, or remove it.")
    except Exception as fault:  # whatever is damaged, the other checks still help
        told = f"This could not be looked at ({type(fault).__name__}: {fault})."
        yield problem(told, "That is a fault of devtel's: please report it.")

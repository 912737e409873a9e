"""Every check, in the order in which a person would look; and the one net that lets no damage end the doctor."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from devtelemetry_cli.doctor import (
    agreement,
    clock,
    cost,
    daily,
    effective,
    folders,
    makefile,
    network,
    records,
)
from devtelemetry_cli.doctor.finding import Finding, problem
from devtelemetry_cli.doctor.scene import Scene
from devtelemetry_cli.errors import DevtelError

Check = Callable[[Scene], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("paths", folders.config),
    ("paths", folders.tokens),
    ("paths", folders.state),
    ("settings", effective.readable),
    ("settings", effective.sources),
    ("settings", effective.unknown),
    ("consent", agreement.consent),
    ("records", records.journal),
    ("records", records.dropped_records),
    ("records", records.ledger),
    ("records", records.orphans),
    ("erasures", agreement.owed),
    ("network", network.proxy),
    ("network", network.certificates),
    ("network", network.destination),
    ("network", network.reports),
    ("clock", clock.journals),
    ("clock", clock.endpoint),
    ("schedule", daily.schedule),
    ("builds", makefile.fragment_file),
    ("builds", makefile.start_script),
    ("cost", cost.overhead),
)


def examine(scene: Scene, checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """What every check finds, one after another, and nothing twice: one fault may be in the way of several."""
    told: set[tuple[str, str]] = set()
    for name, check in checks:
        for finding in _run(check, scene):
            if (name, finding.message) not in told:
                told.add((name, finding.message))
                yield replace(finding, check=name)


def _run(check: Check, scene: Scene) -> Iterator[Finding]:
    try:
        yield from check(scene)
    except DevtelError as fault:
        yield problem(fault.message, fault.advice)
    except OSError as fault:
        where = f"{fault.filename}: " if fault.filename else ""
        yield problem(f"{where}{fault.strerror or fault}.", "Make it readable for you, or remove it.")
    except Exception as fault:  # whatever is damaged, the other checks still help
        told = f"This could not be looked at ({type(fault).__name__}: {fault})."
        yield problem(told, "That is a fault of devtel's: please report it.")

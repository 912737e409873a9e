"""The page about machines and checkouts: figures -> HTML."""

from collections.abc import Sequence

from devtelemetry_cli.server.team import names
from devtelemetry_cli.server.team.checkouts import Part
from devtelemetry_cli.server.team.comparison import ENOUGH_RUNS
from devtelemetry_cli.server.team.machines import Kind, Machine
from devtelemetry_cli.server.team.pages import PageContext, render


def page(
    kinds: Sequence[Kind],
    branches: Sequence[Part],
    ages: Sequence[Part],
    projects: Sequence[str],
    context: PageContext,
) -> str:
    """Machines of all projects, and checkouts of the chosen one."""
    rows = [(label(it.machine), it.developers, times(it.duration_ratio), times(it.failure_ratio)) for it in kinds]
    return render(
        "machines.html",
        context,
        rows=rows,
        branches=[(names.branch(part.name), part) for part in branches],
        ages=[(names.age(part.name), part) for part in ages],
        projects=projects,
        enough=ENOUGH_RUNS,
    )


def label(machine: Machine) -> str:
    """The kind of machine in words."""
    if not machine.platform:
        return names.OTHERS
    if not machine.memory_gib:
        return f"{machine.platform}, other sizes"
    cores = f"{machine.cores} core{'' if machine.cores == 1 else 's'}" if machine.cores else "other numbers of cores"
    return f"{machine.platform}, {machine.memory_gib} GiB, {cores}"


def times(ratio: float | None) -> str:
    """A ratio for a reader: "1.35 times", "-" for none."""
    return "-" if ratio is None else f"{ratio:.2f} times"

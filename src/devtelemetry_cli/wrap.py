"""`devtel wrap`: run in place of make. Start make, judge consent, record the run, and ask where it is time.

make starts first; everything else happens while it runs. Until then only modules that the interpreter has loaded
anyway are imported, and the smallest of devtel's own.
"""

import posix  # as in client/paths.py
import sys
import time

from devtelemetry_cli import direct_import
from devtelemetry_cli.client import process, switches
from devtelemetry_cli.client.context import Context, Run

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from devtelemetry_cli.client.chosen_target import ChosenTarget
    from devtelemetry_cli.client.paths import StateDir
    from devtelemetry_cli.client.whole_call import WholeCall
    from devtelemetry_cli.observe import Observation

    T = TypeVar("T")

EVERY_TARGET = "--every-target"


class UsageError(Exception):
    """Invalid arguments to `devtel wrap`."""


class ErrorGuard:
    """Catches every telemetry error so that the build is unaffected, and counts it."""

    def __init__(self) -> None:
        self.state: StateDir | None = None

    def run(self, step: "Callable[..., T]", *arguments: object) -> "T | None":
        """The result of `step`, or None where it failed."""
        try:
            return step(*arguments)
        except Exception:  # of any kind: the build goes on
            self._count()
            return None

    def _count(self) -> None:
        try:
            from devtelemetry_cli.client.journal import dropped  # noqa: PLC0415  only on this way

            if self.state is not None:
                dropped.count(self.state)
        except Exception:  # noqa: S110  a disk on which not even this is possible: status finds that by itself
            pass


def main(words: list[str]) -> None:
    """Run the target and end as it ends; does not return."""
    environ = process.environment()
    if words[:1] in (["--help"], ["-h"]):
        posix.write(1, _help().encode())
        posix._exit(0)
    try:
        request = _request(words, environ)
    except UsageError as fault:
        _say(f"{fault}.\n{_help()}")
        posix._exit(2)
    try:
        if switches.switched_off(environ) or switches.is_dry_run(environ.get("MAKEFLAGS", ""), request.arguments):
            process.exec_make(request.command, request.environment)
        _run(request, environ)
    except process.StartError as fault:
        _say(f"{fault}. Is it installed? DEVTEL_MAKE or --make name another make.\n")
        posix._exit(fault.exit_code)


def _request(words: list[str], environ: dict[str, str]) -> "ChosenTarget | WholeCall":
    """The call that is asked for. Raises UsageError."""
    if words[:1] == [EVERY_TARGET]:
        direct_import.load(direct_import.WHOLE_CALL)
        from devtelemetry_cli.client.whole_call import WholeCall  # noqa: PLC0415  each call loads its own

        try:
            return WholeCall(words)
        except (KeyError, ValueError):
            raise UsageError(f"{EVERY_TARGET} is for GNUmakefile only") from None
    direct_import.load(direct_import.CHOSEN_TARGET)
    from devtelemetry_cli.client.chosen_target import ChosenTarget  # noqa: PLC0415

    try:
        return ChosenTarget(words, environ)
    except ValueError as fault:
        raise UsageError(fault) from None


def _run(request: "ChosenTarget | WholeCall", environ: dict[str, str]) -> None:
    child, guard = process.Child(), ErrorGuard()
    process.install_handlers(child)
    run = Run(posix.urandom(8).hex(), posix.getpid(), time.time())
    context = guard.run(Context.load, environ, request.every_target)
    given = request.environment(process.given_environment(request.command[0]))
    child.start(request.command, given | _announced(guard, context, run))
    observed = guard.run(_observe, request, context, run, child) if context is not None else None
    result = child.wait()
    for step in observed.after if observed is not None else ():
        guard.run(step, result)
    guard.run(request.end_parent, result.status)
    process.exit_like(result.status)


def _observe(
    request: "ChosenTarget | WholeCall", context: Context, run: Run, child: process.Child
) -> "Observation | None":
    if not context.should_observe(run.started):
        return None
    direct_import.load(direct_import.OBSERVE)
    from devtelemetry_cli import observe  # noqa: PLC0415  make runs already

    return observe.begin(request.goals, context, run, child.is_over, request.prompt_limit)


def _announced(guard: ErrorGuard, context: Context | None, run: Run) -> dict[bytes, bytes]:
    """The variable by which nested runs find this one, where it is recorded."""
    if context is None:
        return {}
    guard.state = context.state
    value = guard.run(context.run_env_value, run)
    return {b"DEVTEL_RUN": value.encode()} if value else {}


def _help() -> str:
    from devtelemetry_cli.client.chosen_target import HELP  # noqa: PLC0415  only for a person

    return HELP


def _say(text: str) -> None:
    if sys.stderr is not None:
        posix.write(2, f"devtel wrap: {text}".encode("utf-8", "surrogateescape"))

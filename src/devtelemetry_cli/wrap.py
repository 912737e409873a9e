"""`devtel wrap`: run in place of make. Start make, judge consent, record the run, and ask where it is time.

make starts first; everything else happens while it runs. Until then only modules that the interpreter has loaded
anyway are imported, and the smallest of devtel's own.
"""

import posix  # as in client/paths.py
import sys
import time

from devtelemetry_cli.client import consent_cache, process, switches
from devtelemetry_cli.client.context import Context, Run

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from devtelemetry_cli.client.consent_cache import ConsentStatus
    from devtelemetry_cli.client.paths import StateDir
    from devtelemetry_cli.client.recorder import RunRecorder
    from devtelemetry_cli.client.whole_call import WholeCall

    T = TypeVar("T")

HELP = """\
usage: devtel wrap [--make MAKE] [--makefile FILE] [--prefix PREFIX] [--as-called] [--] TARGET [MAKE ARGUMENTS]...

Runs `make --no-print-directory impl-TARGET` and ends as make ends.

  --make MAKE      the make to run; else $DEVTEL_MAKE, else make
  --makefile FILE  passed to make as -f FILE
  --prefix PREFIX  the prefix of the implementation's name (impl-)
  --as-called      pass -W, -o and several -f of the calling make on, which make itself does not
"""

AS_CALLED, EVERY_TARGET = "--as-called", "--every-target"


class UsageError(Exception):
    """Invalid arguments to `devtel wrap`."""


class Request:
    """The make call that `devtel wrap` was asked for."""

    every_target = False

    def __init__(self, words: list[str], environ: dict[str, str]) -> None:
        options = {"--make": environ.get("DEVTEL_MAKE") or "make", "--makefile": "", "--prefix": "impl-", AS_CALLED: ""}
        rest = _take_options(words, options)
        if not rest or not rest[0]:
            raise UsageError("the target is missing")
        self.target, self.arguments = rest[0], rest[1:]
        goal = options["--prefix"] + self.target
        if goal.startswith("-"):
            raise UsageError(f"{goal} would be an option of make, not a target")
        file = ["-f", options["--makefile"]] if options["--makefile"] else []
        if options[AS_CALLED]:
            from devtelemetry_cli.client import make_call  # noqa: PLC0415  other calls do not pay for it

            called = make_call.of_parent() or []
            named = make_call.makefiles(called)
            file = [*(named if len(named) > 2 else file), *make_call.old_and_new(called)]
        self.command = [*_make_words(options["--make"]), "--no-print-directory", *file, goal, *self.arguments]

    def prompt_limit(self) -> str:
        """How a person may be asked after this target: other targets of the call may follow."""
        from devtelemetry_cli.client import make_call  # noqa: PLC0415
        from devtelemetry_cli.client.consent import terminal  # noqa: PLC0415

        return terminal.prompt_limit(self.target, make_call.goals(make_call.of_parent() or []))

    @staticmethod
    def environment(environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What this process was given -> what make is given."""
        return environ

    def end_parent(self, status: int) -> None:
        """The make that called us sees this process end as make ended, and goes on."""


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
        posix.write(1, HELP.encode())
        posix._exit(0)
    try:
        request = _request(words, environ)
    except UsageError as fault:
        _say(f"{fault}.\n{HELP}")
        posix._exit(2)
    try:
        if switches.switched_off(environ) or switches.is_dry_run(environ.get("MAKEFLAGS", ""), request.arguments):
            process.exec_make(request.command, request.environment)
        _run(request, environ)
    except process.StartError as fault:
        _say(f"{fault}. Is it installed? DEVTEL_MAKE or --make name another make.\n")
        posix._exit(fault.exit_code)


def _request(words: list[str], environ: dict[str, str]) -> "Request | WholeCall":
    if words[:1] != [EVERY_TARGET]:
        return Request(words, environ)
    from devtelemetry_cli.client.whole_call import WholeCall  # noqa: PLC0415  other calls do not pay for it

    try:
        return WholeCall(words)
    except (KeyError, ValueError):
        raise UsageError(f"{EVERY_TARGET} is for GNUmakefile only") from None


def _run(request: "Request | WholeCall", environ: dict[str, str]) -> None:
    child, guard = process.Child(), ErrorGuard()
    process.install_handlers(child)
    run = Run(posix.urandom(8).hex(), posix.getpid(), time.time())
    context = guard.run(Context.load, environ, request.every_target)
    given = request.environment(process.given_environment(request.command[0]))
    child.start(request.command, given | _announced(guard, context, run))
    observes = context is not None and context.should_observe(run.started)
    limit = request.prompt_limit
    observed = guard.run(observe, request.target, context, run, child.is_over, limit) if observes else None
    result = child.wait()
    if observed is not None:
        recorder, prompt_mode = observed
        guard.run(recorder.end, result)
        guard.run(flush_in_background, context, run)
        guard.run(_ask, context, prompt_mode, result)
    guard.run(request.end_parent, result.status)
    process.exit_like(result.status)


def _announced(guard: ErrorGuard, context: Context | None, run: Run) -> dict[bytes, bytes]:
    """The variable by which nested runs find this one, where it is recorded."""
    if context is None:
        return {}
    guard.state = context.state
    value = guard.run(context.run_env_value, run)
    return {b"DEVTEL_RUN": value.encode()} if value else {}


def observe(
    target: str, context: Context, run: Run, is_over: "Callable[[], bool]", prompt_limit: "Callable[[], str]"
) -> "tuple[RunRecorder, str] | None":
    """While make runs: judge consent and write the start. The recorder, and how a person is asked afterwards.

    `prompt_limit` answers how a person may be asked at most. None where consent allows neither a record nor a
    question. Raises OSError where nothing can be stored.
    """
    from devtelemetry_cli.client.consent import terminal  # noqa: PLC0415
    from devtelemetry_cli.client.recorder import RunRecorder  # noqa: PLC0415

    prompt_mode = terminal.prompt_mode(context.environ)
    if not context.decided and not prompt_mode:
        return None
    status = context.status or _judge(context, run.started, is_over)
    if prompt_mode:
        asks = status.ask and _may_ask(context, status, run.started)
        prompt_mode = terminal.lesser(prompt_mode, prompt_limit()) if asks else terminal.NOBODY
    if not prompt_mode and not status.records(run.started):
        return None
    recorder = RunRecorder(context, status, run)
    if status.records(run.started):
        recorder.start(target, is_over)
    return recorder, prompt_mode


def _judge(context: Context, now: float, is_over: "Callable[[], bool]") -> "ConsentStatus":
    """The consent state, worked out anew and cached for the next run.

    The project file is anybody's, so no build waits for it: a file that cannot be judged soon counts as off.
    """
    from devtelemetry_cli import consent  # noqa: PLC0415  reads TOML; most runs find the state cached
    from devtelemetry_cli.client.consent import decisions  # noqa: PLC0415  as consent does

    try:
        status = process.interruptible(is_over, consent.judge, context, now)
    except process.TooSlowError:
        status = consent.too_slow()
    if context.decided:
        try:
            consent_cache.store_cached(context.state, context.fingerprint, status)
            if context.every_target:
                decisions.mark_every_target(context.state, status, now)
        except OSError:
            return status  # the next run is slower, no more
    return status


def _may_ask(context: Context, status: "ConsentStatus", now: float) -> bool:
    from devtelemetry_cli.client.consent import ask_limit  # noqa: PLC0415  only for an undecided developer at a terminal

    return ask_limit.due(context.state, status.journal, now)


def _ask(context: Context, prompt_mode: str, result: process.ExitResult) -> None:
    """Ask the person at the terminal, only after a success."""
    if not prompt_mode or result.status != 0 or result.interrupted:
        return
    if sys.flags.no_site:  # started by start.mk; the question needs installed packages
        import site  # noqa: PLC0415

        site.main()
    from devtelemetry_cli import consent  # noqa: PLC0415  at most once a week

    consent.ask_after_run(context, prompt_mode)


def flush_in_background(context: Context, run: Run) -> None:
    """After an outermost run: start a flush, where the developer chose this way and none was started within a day."""
    if "DEVTEL_RUN" in context.environ or not posix.access(context.state.background_flush, posix.F_OK):
        return
    from devtelemetry_cli.client import background_flush  # noqa: PLC0415  only where it was chosen

    background_flush.start_if_due(context.state, run.started)


def _make_words(make: str) -> list[str]:
    """`$(MAKE)` as an unwrapped recipe has it, unquoted: `make MAKE='make -s'` is two words, a file's name is one."""
    if " " not in make or posix.access(make, posix.F_OK):
        return [make]
    return make.split() or [make]


def _take_options(words: list[str], options: dict[str, str]) -> list[str]:
    """Read the leading options into `options`; returns the words after them, without the `--`."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        if word == AS_CALLED:
            options[word] = word
            continue
        name, equals, value = word.partition("=")
        if name not in options:
            raise UsageError(f"unknown option {word}")
        if not equals and not rest:
            raise UsageError(f"{name} needs a value")
        options[name] = value if equals else rest.pop(0)
    return rest


def _say(text: str) -> None:
    if sys.stderr is not None:
        posix.write(2, f"devtel wrap: {text}".encode("utf-8", "surrogateescape"))

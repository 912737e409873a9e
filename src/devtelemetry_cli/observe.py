"""While make runs, consent is judged and the start is written; after its end the end, a flush or a question follow.

The wrapper and the plug-in's recorder share it.
"""

import posix  # as in client/paths.py
import sys

from devtelemetry_cli.client import consent_cache, process
from devtelemetry_cli.client.consent import terminal
from devtelemetry_cli.client.context import Context, Run
from devtelemetry_cli.client.recorder import RunRecorder

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable

    from devtelemetry_cli.client.consent_cache import ConsentStatus
    from devtelemetry_cli.client.process import ExitResult


class Observation:
    """A run that is recorded, or after which a person may be asked. `after` are the steps after make's end."""

    def __init__(self, context: Context, run: Run, recorder: RunRecorder, prompt_mode: str) -> None:
        self._context = context
        self._run = run
        self._recorder = recorder
        self._prompt_mode = prompt_mode
        self.after = (self._record, self._flush, self._ask)

    def _record(self, result: "ExitResult") -> None:
        self._recorder.end(result)

    def _flush(self, _result: "ExitResult") -> None:
        """After an outermost run: start a flush, where the developer chose this way and none was started in a day."""
        state = self._context.state
        if "DEVTEL_RUN" in self._context.environ or not posix.access(state.background_flush, posix.F_OK):
            return
        from devtelemetry_cli.client import background_flush  # noqa: PLC0415  only where it was chosen

        background_flush.start_if_due(state, self._run.started)

    def _ask(self, result: "ExitResult") -> None:
        """Ask the person at the terminal, only after a success."""
        if not self._prompt_mode or result.status != 0 or result.interrupted:
            return
        if sys.flags.no_site:  # started by start.mk; the question needs installed packages
            import site  # noqa: PLC0415

            site.main()
        from devtelemetry_cli import consent  # noqa: PLC0415  at most once a week

        consent.ask_after_run(self._context, self._prompt_mode)


def begin(
    goals: list[str], context: Context, run: Run, is_over: "Callable[[], bool]", prompt_limit: "Callable[[], str]"
) -> Observation | None:
    """While make runs: judge consent and write the start.

    `prompt_limit` answers how a person may be asked at most. None where consent allows neither a record nor a
    question. Raises OSError where nothing can be stored.
    """
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
        recorder.start(goals, is_over)
    return Observation(context, run, recorder, prompt_mode)


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

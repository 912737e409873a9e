"""The record of one wrapped run, made in make's shadow: what consent says, the start, git's context, the end."""

import os
import sys
import time
from _collections_abc import Callable  # what collections.abc is; importing that package costs a run time

from devtelemetry_cli.client import consent_cache, git_context
from devtelemetry_cli.client.consent import terminal
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.journal import machine_key, writer
from devtelemetry_cli.client.process import ExitResult
from devtelemetry_cli.model import target_names

GIT_PATIENCE = 0.25  # seconds that git may take while make runs
GIT_GRACE = 0.005  # seconds it gets where make has ended already


class RunRecorder:
    """One run: where its records go (nowhere without an agreement), and whether a person is asked afterwards."""

    def __init__(self, place: Context, answer: ConsentStatus, run: str, pid: int, now: float, manner: str) -> None:  # noqa: PLR0913, PLR0917
        self._place = place
        self._answer = answer
        self._run = run
        self._pid = pid
        self._date = writer.local_date(now)
        self._folder = ""
        self._manner = manner

    def start(self, target: str, now: float, git: tuple[str | None, int | None]) -> None:
        """Write the start. Raises OSError; the end is not written then either."""
        name = target_names.sanitize(target)
        state = self._place.state
        folder = state.journal(self._answer.journal, machine_key.get_or_create(state))
        record = writer.encode(
            "start",
            {
                "run": self._run,
                "time": now,
                "offset": writer.local_offset(now),
                "pid": self._pid,
                "grant": self._answer.grant,
                "project": self._answer.project or None,
                "target": name,
                "folded": True if target_names.is_aggregated(name, self._answer.targets) else None,
                "parent": parent_run(self._place.environ.get("DEVTEL_RUN", ""), self._answer.journal),
                "branch": git[0],
                "age_days": git[1],
            },
        )
        writer.create(folder, self._date, record)
        self._folder = folder

    def end(self, ending: ExitResult) -> None:
        """Write the end, where a start was written. Raises OSError."""
        if not self._folder:
            return
        now = time.time()
        record = writer.encode(
            "end",
            {
                "run": self._run,
                "time": now,
                "offset": writer.local_offset(now),
                "duration": ending.duration,
                "exit": os.WEXITSTATUS(ending.status) if os.WIFEXITED(ending.status) else None,
                "signal": os.WTERMSIG(ending.status) if os.WIFSIGNALED(ending.status) else None,
                "interrupted": True if ending.interrupted else None,
                "cpu": ending.cpu_seconds,
                "peak_kib": ending.peak_kib,
            },
        )
        writer.append(self._folder, self._date, record)

    def ask(self, ending: ExitResult) -> None:
        """Ask the person at the terminal, if one is there and it is time; only after a success."""
        if not self._manner or ending.status != 0 or ending.interrupted:
            return
        if sys.flags.no_site:  # started by start.mk; the question needs installed packages
            import site  # noqa: PLC0415

            site.main()
        from devtelemetry_cli.client.consent import question  # noqa: PLC0415  at most once a week

        question.after_a_run(self._place, self._manner)


def begin(  # noqa: PLR0913, PLR0917  what is known of a run before its record
    target: str, place: Context, over: Callable[[], bool], run: str, now: float, pid: int
) -> RunRecorder | None:
    """Write the start of the run that lives as long as the process `pid`; `over` tells whether make has ended already.

    None where consent allows no record and no question. Raises OSError where nothing can be kept.
    """
    manner = terminal.prompt_mode(place.environ)
    if not place.decided and not manner:
        return None
    answer = place.verdict or _judge(place, now)
    asks = bool(manner) and answer.ask and _is_time_to_ask(place, answer, now)
    if not asks and not answer.records(now):
        return None
    recording = RunRecorder(place, answer, run, pid, now, manner if asks else "")
    if answer.records(now):
        recording.start(target, now, _git_context(place, answer, over, now))
    return recording


def parent_run(announced: str, journal: str) -> str | None:
    """The run that this one is nested in, by what DEVTEL_RUN announces, if it stands in the same journal."""
    run, _, its_journal = announced.partition(":")
    whole = len(run) == 16 and all(c in "0123456789abcdef" for c in run)
    return run if whole and its_journal in ("", journal) else None


def _judge(place: Context, now: float) -> ConsentStatus:
    """The answer worked out anew, and remembered for the next run."""
    from devtelemetry_cli.client.consent import judge  # noqa: PLC0415  reads TOML; most runs have the answer remembered

    answer = judge.judge(place.environ, place.config, place.project, now)
    if place.decided:
        try:
            consent_cache.store_cached(place.state, place.fingerprint, answer)
        except OSError:
            return answer  # only slower next time
    return answer


def _is_time_to_ask(place: Context, answer: ConsentStatus, now: float) -> bool:
    from devtelemetry_cli.client.consent import ask_limit  # noqa: PLC0415  only where somebody is there and has not decided

    return ask_limit.due(place.state, answer.journal, now)


def _git_context(
    place: Context, answer: ConsentStatus, over: Callable[[], bool], now: float
) -> tuple[str | None, int | None]:
    question = git_context.GitProbe(place.environ)
    try:
        patience = time.monotonic() + GIT_PATIENCE
        while not question.wait(0.002) and not over() and time.monotonic() < patience:
            pass
        question.wait(GIT_GRACE)
        return question.context(now, answer.default_branch)
    finally:
        question.close()

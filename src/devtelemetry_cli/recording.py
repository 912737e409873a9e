"""The record of one wrapped run, made in make's shadow: what consent says, the start, git's context, the end."""

import os
import time
from _collections_abc import Callable  # what collections.abc is; importing that package costs a run time

from devtelemetry_cli import gitcontext, names, verdict
from devtelemetry_cli.consent import occasion
from devtelemetry_cli.journal import hosts, write
from devtelemetry_cli.place import Place
from devtelemetry_cli.process import Ending
from devtelemetry_cli.verdict import Verdict

GIT_PATIENCE = 0.25  # seconds that git may take while make runs
GIT_GRACE = 0.005  # seconds it gets where make has ended already


class Recording:
    """One run: where its records go (nowhere without an agreement), and whether a person is asked afterwards."""

    def __init__(self, place: Place, answer: Verdict, run: str, now: float, manner: str) -> None:
        self._place = place
        self._answer = answer
        self._run = run
        self._date = write.local_date(now)
        self._folder = ""
        self._manner = manner

    def start(self, target: str, now: float, git: tuple[str | None, int | None]) -> None:
        """Write the start. Raises OSError; the end is not written then either."""
        name = names.recorded(target)
        folder = f"{self._place.state}/journal/{self._answer.journal}/{hosts.find_or_make(self._place.state)}"
        record = write.encode(
            "start",
            {
                "run": self._run,
                "time": now,
                "offset": write.local_offset(now),
                "pid": os.getpid(),
                "grant": self._answer.grant,
                "project": self._answer.project or None,
                "target": name,
                "folded": True if names.is_folded(name, self._answer.targets) else None,
                "parent": parent_run(self._place.environ.get("DEVTEL_RUN", ""), self._answer.journal),
                "branch": git[0],
                "age_days": git[1],
            },
        )
        write.create(folder, self._date, record)
        self._folder = folder

    def end(self, ending: Ending) -> None:
        """Write the end, where a start was written. Raises OSError."""
        if not self._folder:
            return
        now = time.time()
        record = write.encode(
            "end",
            {
                "run": self._run,
                "time": now,
                "offset": write.local_offset(now),
                "duration": ending.duration,
                "exit": os.WEXITSTATUS(ending.status) if os.WIFEXITED(ending.status) else None,
                "signal": os.WTERMSIG(ending.status) if os.WIFSIGNALED(ending.status) else None,
                "interrupted": True if ending.interrupted else None,
                "cpu": ending.cpu_seconds,
                "peak_kib": ending.peak_kib,
            },
        )
        write.append(self._folder, self._date, record)

    def ask(self, ending: Ending) -> None:
        """Ask the person at the terminal, if one is there and it is time; only after a success."""
        if not self._manner or ending.status != 0 or ending.interrupted:
            return
        from devtelemetry_cli.consent import question  # noqa: PLC0415  at most once a week

        question.after_a_run(self._place, self._manner)


def begin(target: str, place: Place, over: Callable[[], bool], run: str, now: float) -> Recording | None:
    """Write the run's start where consent allows it; `over` tells whether make has ended already.

    None where nothing was ever decided and nobody is there to be asked. Raises OSError where nothing can be kept.
    """
    manner = occasion.manner(place.environ)
    if not place.decided and not manner:
        return None
    answer = place.verdict or _judge(place, now)
    asks = bool(manner) and answer.ask and _is_time_to_ask(place, answer, now)
    recording = Recording(place, answer, run, now, manner if asks else "")
    if answer.records(now):
        recording.start(target, now, _git_context(place, answer, over, now))
    return recording


def parent_run(announced: str, journal: str) -> str | None:
    """The run that this one is nested in, by what DEVTEL_RUN announces, if it stands in the same journal."""
    run, _, its_journal = announced.partition(":")
    whole = len(run) == 16 and all(c in "0123456789abcdef" for c in run)
    return run if whole and its_journal in ("", journal) else None


def _judge(place: Place, now: float) -> Verdict:
    """The answer worked out anew, and remembered for the next run."""
    from devtelemetry_cli.consent import judge  # noqa: PLC0415  reads TOML; most runs have the answer remembered

    answer = judge.judge(place.environ, place.config, place.project, now)
    if place.decided:
        try:
            verdict.remember(place.state, place.made_from, answer)
        except OSError:
            return answer  # only slower next time
    return answer


def _is_time_to_ask(place: Place, answer: Verdict, now: float) -> bool:
    from devtelemetry_cli.consent import budget  # noqa: PLC0415  only where somebody is there and has not decided

    return budget.due(place.state, answer.journal, now)


def _git_context(place: Place, answer: Verdict, over: Callable[[], bool], now: float) -> tuple[str | None, int | None]:
    question = gitcontext.Question(place.environ)
    try:
        patience = time.monotonic() + GIT_PATIENCE
        while not question.wait(0.002) and not over() and time.monotonic() < patience:
            pass
        question.wait(GIT_GRACE)
        return question.context(now, answer.default_branch)
    finally:
        question.close()

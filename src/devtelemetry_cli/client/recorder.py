"""The record of one wrapped run, written while make runs: its start with git's context, and its end."""

import posix  # as in client/paths.py
import time

from devtelemetry_cli import direct_import
from devtelemetry_cli.client import git_context, paths

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable

    from devtelemetry_cli.client.consent_cache import ConsentStatus
    from devtelemetry_cli.client.context import Context, Run
    from devtelemetry_cli.client.process import ExitResult

GIT_PATIENCE = 0.25  # seconds that git may take while make runs
GIT_GRACE = 0.005  # seconds for git where make has ended already


class RunRecorder:
    """One run of a place whose consent state allows records: `start`, then `end`."""

    def __init__(self, context: "Context", status: "ConsentStatus", run: "Run") -> None:
        self._context = context
        self._status = status
        self._run = run
        self._date = ""
        self._folder = ""

    def start(self, goals: list[str], is_over: "Callable[[], bool]") -> None:
        """Write the start; `is_over()`: whether make has ended. Raises OSError; then no end is written either."""
        probe = git_context.GitProbe(self._context.environ)
        try:
            self._write_start(goals, probe, is_over)
        finally:
            probe.close()

    def _write_start(self, goals: list[str], probe: git_context.GitProbe, is_over: "Callable[[], bool]") -> None:
        """Git runs while the modules are loaded and the place is found."""
        direct_import.load(direct_import.JOURNAL)
        from devtelemetry_cli.client.journal import machine_key, writer  # noqa: PLC0415
        from devtelemetry_cli.model import target_names  # noqa: PLC0415

        self._date = writer.local_date(self._run.started)
        name = target_names.sanitize(target_names.from_goals(goals))
        state = self._context.state
        journal, grant = self._status.journal, self._status.grant
        folder = state.journal(journal, machine_key.of_run(state, journal, grant, self._date))
        branch, age_days = self._ask_git(probe, is_over)
        announced = self._context.environ.get("DEVTEL_RUN", "") or self._enclosing_call()
        record = writer.encode(
            "start",
            {
                "run": self._run.run_id,
                "time": self._run.started,
                "offset": writer.local_offset(self._run.started),
                "pid": self._run.pid,
                "grant": grant,
                "project": self._status.project or None,
                "target": name,
                "folded": True if target_names.is_aggregated(name, self._status.targets) else None,
                "parent": parent_run(announced, journal),
                "branch": branch,
                "age_days": age_days,
            },
        )
        writer.create(folder, self._date, record)
        self._folder = folder

    def end(self, result: "ExitResult") -> None:
        """Write the end, where a start was written. Raises OSError."""
        if not self._folder:
            return
        from devtelemetry_cli.client.journal import writer  # noqa: PLC0415  loaded by the start

        now = time.time()
        record = writer.encode(
            "end",
            {
                "run": self._run.run_id,
                "time": now,
                "offset": writer.local_offset(now),
                "duration": result.duration,
                "exit": posix.WEXITSTATUS(result.status) if posix.WIFEXITED(result.status) else None,
                "signal": posix.WTERMSIG(result.status) if posix.WIFSIGNALED(result.status) else None,
                "interrupted": True if result.interrupted else None,
                "cpu": result.cpu_seconds,
                "peak_kib": result.peak_kib,
            },
        )
        writer.append(self._folder, self._date, record)

    def _enclosing_call(self) -> str:
        """The call of make that is recorded from outside and encloses this run, in the form of DEVTEL_RUN."""
        state = self._context.state
        if not paths.lexists(state.calls):
            return ""
        direct_import.load(direct_import.CALLS)
        from devtelemetry_cli.client.plugin import calls  # noqa: PLC0415  only where the plug-in records calls

        return calls.enclosing(state, self._run.pid)

    def _ask_git(self, probe: git_context.GitProbe, is_over: "Callable[[], bool]") -> tuple[str | None, int | None]:
        deadline = time.monotonic() + GIT_PATIENCE
        while not probe.wait(0.002) and not is_over() and time.monotonic() < deadline:
            pass
        probe.wait(GIT_GRACE)
        return probe.context(self._run.started, self._status.default_branch)


def parent_run(announced: str, journal: str) -> str | None:
    """The run that this one is nested in, by the value of DEVTEL_RUN, if it is in the same journal."""
    run, _, its_journal = announced.partition(":")
    whole = len(run) == 16 and all(c in "0123456789abcdef" for c in run)
    return run if whole and its_journal in ("", journal) else None

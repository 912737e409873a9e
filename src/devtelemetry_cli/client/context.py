"""Where a run happens, and what is known about it before make starts."""

import posix  # as in client/paths.py
import time

from devtelemetry_cli.client import consent_cache, paths
from devtelemetry_cli.client.paths import StateDir

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from devtelemetry_cli.client.consent_cache import ConsentStatus


class Run:
    """One run: its random ID, the process that lives as long as the run, and its start (seconds since the epoch)."""

    __slots__ = ("pid", "run_id", "started")

    def __init__(self, run_id: str, pid: int, started: float) -> None:
        self.run_id = run_id
        self.pid = pid
        self.started = started


class Context:
    """An environment, the files that decide about consent there, and the consent state cached from them.

    `folder` is the working directory (None where it was deleted), `project` the project file that applies;
    `decided` means that there is a user config, `every_target` that whole calls are measured here, not chosen targets,
    `is_foreign` that the files belong to another user, so that nothing is recorded.
    """

    def __init__(
        self,
        environ: dict[str, str],
        state: StateDir,
        folder: str | None = None,
        project: str | None = None,
        every_target: bool = False,
    ) -> None:
        self.environ = environ
        self.state = state
        self.config = state.config
        self.folder = folder
        self.project = project
        self.every_target = every_target
        self.fingerprint = ""
        self.decided = False
        self.is_foreign = False
        self.status: ConsentStatus | None = None

    @classmethod
    def load(cls, environ: dict[str, str], every_target: bool = False) -> "Context":
        """The context of this process: looks at the files and reads the cache, but no TOML."""
        folder = paths.working_folder()
        project = paths.project_file(folder) if folder else None
        context = cls(environ, paths.state_dir(environ), folder, project, every_target)
        context._recall()
        return context

    def should_observe(self, now: float) -> bool:
        """Whether a run has anything to do beside make: a record, or perhaps a question."""
        if self.is_foreign:
            return False
        if not self.decided:
            return posix.isatty(2)
        return self.status is None or self.status.records(now) or self.status.ask

    def run_env_value(self, run: Run) -> str:
        """The value of DEVTEL_RUN for nested runs, `run:journal`; empty where this run is not recorded.

        On the first run after a change nothing is cached; the config's text is trusted then.
        """
        if self.is_foreign:
            return ""
        if self.status is not None:
            return f"{run.run_id}:{self.status.journal}" if self.status.records(run.started) else ""
        return f"{run.run_id}:" if self.decided and _mentions_agreement(self.config) else ""

    def _recall(self) -> None:
        address = self.environ.get("DEVTEL_REPORT_URL", "")
        scope = "|every target" if self.every_target else ""
        self.fingerprint = consent_cache.fingerprint(self.config, self.project, address) + scope
        self.decided = paths.lexists(self.config)
        self.is_foreign = bool(paths.foreign_path(self.state))
        cached = consent_cache.load_cached(self.state, self.fingerprint) if self.decided else None
        if cached is not None and not cached.has_ended(time.time()) and not self._is_declined(cached):
            self.status = cached

    def _is_declined(self, cached: "ConsentStatus") -> bool:
        """Whether the marker of a decline is there: it alone is enough, as where the config could not be changed."""
        key = cached.journal.removesuffix(paths.LOCAL)
        return cached.state != consent_cache.DECLINED and paths.lexists(self.state.declined_marker(key))


def _mentions_agreement(config: str) -> bool:
    descriptor = posix.open(config, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_NOCTTY)
    try:
        text = posix.read(descriptor, 65536)
    finally:
        posix.close(descriptor)
    return b'state = "granted"' in text or b'state = "local"' in text

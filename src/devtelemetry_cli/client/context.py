"""Where a run happens, and what is known about it before make starts."""

import os
import time

from devtelemetry_cli.client import consent_cache, paths


class Context:
    """The files that decide, the answer remembered from them, and the environment. No TOML is read for this."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.state = paths.state_dir(environ)
        self.config = self.state.config
        self.folder = paths.working_folder()
        self.project = paths.project_file(self.folder) if self.folder else None
        self.fingerprint = consent_cache.fingerprint(self.config, self.project, environ.get("DEVTEL_REPORT_URL", ""))
        self.decided = os.path.lexists(self.config)
        remembered = consent_cache.load_cached(self.state, self.fingerprint) if self.decided else None
        self.verdict = None if remembered is not None and remembered.has_ended(time.time()) else remembered

    def should_observe(self, now: float) -> bool:
        """Whether there is anything to do beside make: a record, or perhaps a question."""
        if not self.decided:
            return os.isatty(2)
        return self.verdict is None or self.verdict.records(now) or self.verdict.ask

    def run_env_value(self, run: str, now: float) -> str:
        """What DEVTEL_RUN tells nested runs: `run:journal`; empty where this run is not recorded.

        On the first run after a change the answer is not known yet; the config's text is trusted then.
        """
        if self.verdict is not None:
            return f"{run}:{self.verdict.journal}" if self.verdict.records(now) else ""
        return f"{run}:" if self.decided and _mentions_agreement(self.config) else ""


def _mentions_agreement(config: str) -> bool:
    descriptor = os.open(config, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        text = os.read(descriptor, 65536)
    finally:
        os.close(descriptor)
    return b'state = "granted"' in text or b'state = "local"' in text

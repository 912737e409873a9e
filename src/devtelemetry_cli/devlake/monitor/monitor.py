"""One check of all blueprints, and the rounds of a monitor: state first, then one warning for each new failure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from devtelemetry_cli.devlake.api import pipelines, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Blueprint
from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.monitor import history
from devtelemetry_cli.devlake.monitor import state_file as memory
from devtelemetry_cli.devlake.monitor.history import History

RECENT = 10  # pipelines looked at in each check, besides all that are new


@dataclass(frozen=True)
class Entry:
    """A blueprint as the last check saw it."""

    project: str
    enabled: bool
    history: History

    @property
    def is_failing(self) -> bool:
        """Whether somebody should look: its newest ended pipeline failed, and it is meant to run."""
        return self.enabled and self.history.is_failing


@dataclass(frozen=True)
class Board:
    """What is shown: replaced as a whole after each check, so that a scrape never sees half of one."""

    entries: Mapping[int, Entry] = field(default_factory=dict)
    checked: float = 0.0
    errors: int = 0
    is_up: bool = False


@dataclass
class Check:
    """One look at every blueprint: the entries, failures that nobody was told of yet, and what could not be read."""

    entries: dict[int, Entry] = field(default_factory=dict)
    news: list[tuple[int, Pipeline]] = field(default_factory=list)
    faults: list[ApiError] = field(default_factory=list)


def check(client: Client, known: Mapping[int, History]) -> Check:
    """Look at all blueprints. Raises ApiError where nothing can be read; for one blueprint it is noted."""
    result, patience = Check(), CircuitBreaker()
    for blueprint in queries.blueprints(client):
        past = known.get(blueprint.id)
        try:
            present, news = _look_at(client, blueprint, past)
            patience.answered()
        except ApiError as fault:
            patience.bear(fault)
            result.faults.append(fault)
            if past is None:
                continue
            present, news = past, []
        result.entries[blueprint.id] = Entry(blueprint.project or blueprint.name, blueprint.enabled, present)
        result.news += [(blueprint.id, pipeline) for pipeline in news]
    return replace(result, entries=_told_apart(result.entries))


def _told_apart(entries: Mapping[int, Entry]) -> dict[int, Entry]:
    """The entries under names of their own, since Prometheus keeps only one series of a name: the oldest keeps it."""
    owners: dict[str, int] = {}
    for number in sorted(entries):
        owners.setdefault(entries[number].project, number)
    return {
        number: entry if owners[entry.project] == number else replace(entry, project=f"{entry.project} #{number}")
        for number, entry in entries.items()
    }


def _look_at(client: Client, blueprint: Blueprint, past: History | None) -> tuple[History, list[Pipeline]]:
    """What became of a blueprint: its recent pipelines, and however many are new since the last check."""
    found: list[Pipeline] = []
    for pipeline in pipelines.of_blueprint(client, blueprint.id, RECENT):
        if len(found) >= RECENT and (past is None or pipeline.id <= past.settled):
            break
        found.append(pipeline)
    present, news = history.after(past, found)
    if past is None and present.succeeded is None and len(found) >= RECENT:
        present = history.with_success(present, pipelines.last_success(client, blueprint.id))
    return present, news


@dataclass
class Monitor:
    """Checks again and again. `board` is what the metrics show; `warn` writes one line into the log."""

    client: Client
    state: Path
    warn: Callable[[str], None]
    board: Board = field(default_factory=Board)
    _histories: dict[int, History] = field(default_factory=dict)
    _trouble: str = ""

    def begin(self) -> None:
        """Take up what was counted before. Raises OSError."""
        remembered = memory.load(self.state)
        if remembered is None:
            self.warn(f"{self.state} is damaged; counting begins anew.")
        self._histories = remembered or {}

    def keep_watching(self, interval: float) -> None:
        """Check every `interval` seconds, for ever; one that takes longer is followed at once. Raises OSError."""
        self.begin()
        clock = self.client.clock
        while True:
            began = clock.passed()
            self.round(clock.now())
            clock.wait(max(0.0, interval - (clock.passed() - began)))

    def round(self, now: float) -> None:
        """One check. A DevLake that does not answer is told of once, until it answers again. Raises OSError."""
        try:
            result = check(self.client, self._histories)
        except ApiError as fault:
            self._tell_trouble(str(fault))
            self.board = Board(self.board.entries, self.board.checked, self.client.errors, is_up=False)
            return
        self._remember({number: entry.history for number, entry in result.entries.items()})
        self.board = Board(result.entries, now, self.client.errors, is_up=True)
        self._tell_trouble(str(result.faults[0]) if result.faults else "")
        for number, pipeline in result.news:
            self.warn(_warning(result.entries[number].project, pipeline))

    def _remember(self, histories: dict[int, History]) -> None:
        if histories != self._histories:
            memory.save(self.state, histories)
            self._histories = histories

    def _tell_trouble(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self.warn(trouble)
        elif self._trouble and not trouble:
            self.warn("DevLake answers again.")
        self._trouble = trouble


def _warning(project: str, pipeline: Pipeline) -> str:
    when = datetime.fromtimestamp(pipeline.finished, UTC).isoformat(timespec="seconds") if pipeline.finished else "?"
    what = "left tasks out" if pipeline.status == "TASK_PARTIAL" else "failed"
    return f"{project}: pipeline {pipeline.id} {what} at {when}: {pipeline.message or 'it does not say why'}"


def state_file(state: str, mark: str) -> Path:
    """Where a monitor of this DevLake keeps what it counted."""
    return Path(state) / "devlake" / f"monitor-{mark}.json"

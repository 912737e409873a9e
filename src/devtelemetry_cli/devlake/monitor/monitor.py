"""Checks of all blueprints: the state is saved first, then each new failure is logged once."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.devlake.api import pipelines, queries
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError, CircuitBreaker
from devtelemetry_cli.devlake.api.models import Blueprint
from devtelemetry_cli.devlake.api.pipelines import COMPLETED, Pipeline
from devtelemetry_cli.devlake.monitor import history, recent, state_file
from devtelemetry_cli.devlake.monitor.history import History
from devtelemetry_cli.devlake.monitor.recent import Recent
from devtelemetry_cli.errors import reason

OLDEST = 100  # completed pipelines read at the first check of a blueprint, in search of one that collected


@dataclass(frozen=True)
class Entry:
    """A blueprint at the last check."""

    project: str
    enabled: bool
    history: History

    @property
    def is_failing(self) -> bool:
        """Whether its newest ended pipeline failed, and it is enabled."""
        return self.enabled and self.history.is_failing


@dataclass(frozen=True)
class Snapshot:
    """The exported state: replaced whole after each check, so that a scrape never sees half of one."""

    entries: Mapping[int, Entry] = field(default_factory=dict)
    checked: float = 0.0
    errors: int = 0
    is_up: bool = False


@dataclass
class Check:
    """The result of one check: entries by blueprint, failures not yet logged, and read errors."""

    entries: dict[int, Entry] = field(default_factory=dict)
    new_failures: list[tuple[int, Pipeline]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check(client: Client, known: Mapping[int, History]) -> Check:
    """Check all blueprints. An error of one is recorded. Raises ApiError where none can be read."""
    result, breaker, newest = Check(), CircuitBreaker(), Recent()
    blueprints = list(queries.blueprints(client))
    try:
        newest = recent.read(client, len(blueprints), is_first=not known)
    except ApiError as fault:  # DevLake may still list the pipelines of each blueprint
        breaker.failed(fault)
        result.faults.append(str(fault))
    for blueprint in blueprints:
        past, name = known.get(blueprint.id), one_line(blueprint.project or blueprint.name)
        try:
            present, new = _inspect(client, blueprint, past, newest)
            breaker.succeeded()
        except ApiError as fault:
            breaker.failed(fault)
            result.faults.append(f"{name}: {fault}")
            if past is None:
                continue
            present, new = past, []
        result.entries[blueprint.id] = Entry(name, blueprint.enabled, present)
        result.new_failures += [(blueprint.id, pipeline) for pipeline in new]
    return replace(result, entries=_with_unique_names(result.entries))


def _with_unique_names(entries: Mapping[int, Entry]) -> dict[int, Entry]:
    """The entries with unique names, since Prometheus keeps one series per name: the oldest keeps the plain name."""
    owners: dict[str, int] = {}
    for number in sorted(entries):
        owners.setdefault(entries[number].project, number)
    return {
        number: entry if owners[entry.project] == number else replace(entry, project=f"{entry.project} #{number}")
        for number, entry in entries.items()
    }


def _inspect(
    client: Client, blueprint: Blueprint, past: History | None, newest: Recent
) -> tuple[History, list[Pipeline]]:
    """The history of a blueprint, from its recent pipelines and all that are new since the last check."""
    found = newest.of(client, blueprint.id, past)
    _, new = history.updated(past, found)
    explained = {pipeline.id: _explained(client, pipeline) for pipeline in new if not pipeline.message}
    present, new = history.updated(past, [explained.get(pipeline.id, pipeline) for pipeline in found])
    if past is None and present.fresh is None and found and not newest.is_all:
        present = _with_older_success(client, blueprint, present)
    return present, new


def _explained(client: Client, pipeline: Pipeline) -> Pipeline:
    """The pipeline with the messages of its failed tasks, since DevLake gives a partial one no message of its own."""
    try:
        return replace(pipeline, message=one_line("; ".join(pipelines.failed_tasks(client, pipeline.id))))
    except ApiError as fault:
        if fault.is_fatal:
            raise
        return pipeline


def _with_older_success(client: Client, blueprint: Blueprint, present: History) -> History:
    successes = pipelines.newest(client, blueprint_id=blueprint.id, status=COMPLETED)
    for success in itertools.islice(successes, OLDEST):
        present = history.with_success(present, success)
        if present.fresh is not None:
            break
    return present


@dataclass
class Monitor:
    """Repeated checks. `snapshot` is the state for the metrics; `log` writes one line."""

    client: Client
    state: Path
    log: Callable[[str], None]
    snapshot: Snapshot = field(default_factory=Snapshot)
    _histories: dict[int, History] = field(default_factory=dict)
    _saved: dict[int, History] = field(default_factory=dict)
    _trouble: str = ""

    def load_state(self) -> None:
        """Continue from the saved counts. Raises OSError."""
        saved = state_file.load(self.state)
        if saved is None:
            self.log(f"{self.state} is damaged; counting starts again.")
        self._histories = self._saved = saved or {}

    def run(self, interval: float) -> None:
        """Check every `interval` seconds, for ever; after a longer check the next starts at once. Raises OSError."""
        self.load_state()
        clock = self.client.clock
        while True:
            began = clock.passed()
            self.run_check(clock.now())
            clock.wait(max(0.0, interval - (clock.passed() - began)))

    def run_check(self, now: float) -> None:
        """One check. Trouble is logged once, and its end: an outage of DevLake, or a state that cannot be written."""
        try:
            result = check(self.client, self._histories)
        except ApiError as fault:
            self._log_trouble(str(fault))
            self.snapshot = Snapshot(self.snapshot.entries, self.snapshot.checked, self.client.errors, is_up=False)
            return
        unsaved = self._save({number: entry.history for number, entry in result.entries.items()})
        self.snapshot = Snapshot(result.entries, now, self.client.errors, is_up=True)
        self._log_trouble(result.faults[0] if result.faults else unsaved)
        for number, pipeline in result.new_failures:
            self.log(_failure_line(result.entries[number].project, pipeline))

    def _save(self, histories: dict[int, History]) -> str:
        """Save what changed; the reason where that fails, which the next check tries again."""
        self._histories = histories
        if histories != self._saved:
            try:
                state_file.save(self.state, histories)
            except OSError as fault:
                return f"{self.state} cannot be written: {reason(fault)}. A restart would log failures again."
            self._saved = histories
        return ""

    def _log_trouble(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self.log(trouble)
        elif self._trouble and not trouble:
            self.log("Checks are complete again.")
        self._trouble = trouble


def _failure_line(project: str, pipeline: Pipeline) -> str:
    when = datetime.fromtimestamp(pipeline.finished, UTC).isoformat(timespec="seconds") if pipeline.finished else "?"
    what = "skipped tasks" if pipeline.status == "TASK_PARTIAL" else "failed"
    return f"{project}: pipeline {pipeline.id} {what} at {when}: {pipeline.message or 'no reason given'}"

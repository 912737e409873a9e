"""Messages and progress bars on stderr, printed steps, and a clean end on signals."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from devtelemetry_cli.devlake import signals
from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.sync import plan_file, sync
from devtelemetry_cli.devlake.sync.plan import AddRepository, MakeConfig
from devtelemetry_cli.errors import DevtelError, of_file


def log(message: str) -> None:
    """One line on stderr."""
    click.echo(f"devtel: {message}", err=True)


@contextmanager
def interruptible(note: str) -> Iterator[None]:
    """Let SIGINT and SIGTERM end a command between two requests, with this note and the shell's exit code for it."""
    try:
        with signals.stoppable():
            yield
    except signals.Stopped as stop:
        log(f"stopped. {note}")
        sys.exit(128 + stop.number)


@contextmanager
def service() -> Iterator[None]:
    """Let SIGINT and SIGTERM end a service with exit code 0."""
    try:
        with signals.stoppable():
            yield
    except signals.Stopped:
        sys.exit(0)


def log_errors(work: Callable[[], int]) -> None:
    """Call `work`, and log its errors instead of raising them."""
    try:
        work()
    except DevtelError as fault:
        log(str(fault))
    except OSError as fault:
        log(str(of_file(fault)))


@contextmanager
def sync_progress(steps: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over the steps of a sync; yields its update. Hidden where stderr is no terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=steps, label="devtel", file=sys.stderr, hidden=hidden, show_pos=True) as bar:
        yield bar.update


@contextmanager
def pipeline_progress(pipeline: Pipeline) -> Iterator[Callable[[Pipeline], None]]:
    """A progress bar over the tasks of a pipeline, whose number may still change; yields its update."""
    length, hidden = max(1, pipeline.tasks), not sys.stderr.isatty()
    with click.progressbar(length=length, label="devtel", file=sys.stderr, hidden=hidden, show_pos=True) as bar:

        def update(current: Pipeline) -> None:
            bar.length = max(1, current.tasks)
            bar.update(current.finished_tasks - bar.pos)

        yield update


def print_step(step: MakeConfig | AddRepository) -> None:
    """A step of a plan as a line."""
    click.echo(str(step))


def print_step_as_json(step: MakeConfig | AddRepository) -> None:
    """A step of a plan as a JSON object on a line."""
    click.echo(json.dumps(plan_file.as_json(step), ensure_ascii=False))


def summary(result: sync.Result, dry_run: bool) -> str:
    """The result of a sync in one sentence."""
    repositories = _count(result.seen, "repository", "repositories")
    seen = f"{repositories} seen through {_count(result.connections, 'connection', 'connections')}"
    if not result.planned and not result.failures:
        return f"{seen}; nothing to do, nothing was written."
    done = "nothing was written" if dry_run else f"{result.done:,} arranged"
    return f"{seen}; {_count(result.planned, 'step', 'steps')} planned, {done}, {len(result.failures):,} failed."


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"

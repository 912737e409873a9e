"""What a person at a terminal gets besides the data: sentences and bars on stderr, and a clean end."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import click

from devtelemetry_cli.devlake import signals
from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.sync import plan_file, sync
from devtelemetry_cli.devlake.sync.plan import AddRepository, MakeConfig
from devtelemetry_cli.errors import DevtelError


def tell(sentence: str) -> None:
    """One line on stderr."""
    click.echo(f"devtel: {sentence}", err=True)


@contextmanager
def one_shot(comfort: str) -> Iterator[None]:
    """Let SIGINT and SIGTERM end a command between two requests, with a sentence and a shell's code for it."""
    try:
        with signals.stoppable():
            yield
    except signals.Stopped as stop:
        tell(f"stopped. {comfort}")
        sys.exit(128 + stop.number)


@contextmanager
def service() -> Iterator[None]:
    """Let SIGINT and SIGTERM end what runs until it is told to end: that is no failure."""
    try:
        with signals.stoppable():
            yield
    except signals.Stopped:
        sys.exit(0)


def log_errors(work: Callable[[], int]) -> None:
    """Do a day's work; what goes wrong is told, and tomorrow is another day."""
    try:
        work()
    except DevtelError as fault:
        tell(str(fault))
    except OSError as fault:
        tell(f"{fault.filename or ''}: {fault.strerror or fault}.")


@contextmanager
def _bar(length: int, label: str) -> Iterator[Callable[[int], None]]:
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden, show_pos=True) as bar:
        yield bar.update


def repositories(length: int) -> AbstractContextManager[Callable[[int], None]]:
    """A bar over the steps of a sync; nothing where stderr is no terminal."""
    return _bar(length, "devtel")


@contextmanager
def tasks(pipeline: Pipeline) -> Iterator[Callable[[Pipeline], None]]:
    """A bar over the tasks of a pipeline; it may learn their number late."""
    with click.progressbar(
        length=max(1, pipeline.tasks), label="devtel", file=sys.stderr, hidden=not sys.stderr.isatty(), show_pos=True
    ) as bar:

        def look(seen: Pipeline) -> None:
            bar.length = max(1, seen.tasks)
            bar.update(seen.finished_tasks - bar.pos)

        yield look


def print_step(step: MakeConfig | AddRepository) -> None:
    """A step of a plan as a line."""
    click.echo(str(step))


def print_step_as_json(step: MakeConfig | AddRepository) -> None:
    """A step of a plan as a JSON object on a line."""
    click.echo(json.dumps(plan_file.as_json(step), ensure_ascii=False))


def summary(result: sync.Result, dry_run: bool) -> str:
    """How a sync went, in one sentence."""
    repositories = _count(result.seen, "repository", "repositories")
    seen = f"{repositories} seen through {_count(result.connections, 'connection', 'connections')}"
    if not result.planned and not result.failures:
        return f"{seen}; all is right, nothing was written."
    done = "nothing was written" if dry_run else f"{result.done:,} arranged"
    return f"{seen}; {_count(result.planned, 'step', 'steps')} planned, {done}, {len(result.failures):,} failed."


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"

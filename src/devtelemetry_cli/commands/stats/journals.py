"""The journals of the current folder's destination, and the sums of their days."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import paths, settings
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import NOWHERE
from devtelemetry_cli.client.journal import liveness, machine_key, reader
from devtelemetry_cli.client.journal.reader import Tally
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.commands.stats import aggregate_exact, parallel
from devtelemetry_cli.commands.stats.aggregate_exact import Key, Sum
from devtelemetry_cli.errors import reason


@dataclass
class Summary:
    """The sums of each day (YYYY-MM-DD), the unreadable records and files, and the last day with a journal."""

    days: dict[str, dict[Key, Sum]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    troubles: list[str] = field(default_factory=list)
    last: str = ""


def of_context(context: Context) -> list[Path]:
    """The folders of the current destination: the journal that is reported and the local one.

    Raises ConfigurationError, OSError.
    """
    user = settings.read_user(context.config)
    terms = consent.asked_terms(context.environ, user, settings.read_project(context.project))
    key = terms.destination.key if terms else NOWHERE
    return [folder for name in (key, paths.local_journal(key)) for folder in _folders(context.state, name)]


def all_folders(state: StateDir) -> list[Path]:
    """The folders of every destination on this machine. Raises OSError."""
    try:
        names = sorted(folder.name for folder in Path(state.journals).iterdir())
    except FileNotFoundError:
        return []
    return [folder for name in names for folder in _folders(state, name)]


def sum_days(folders: list[Path], first: date, last: date) -> Summary:
    """The sums of the days from `first` to `last`; an unreadable file is listed and left out."""
    found = Summary()
    files = []
    for folder in folders:
        try:
            days = reader.days(folder)
        except OSError as fault:
            found.troubles.append(f"{folder} cannot be read: {reason(fault)}.")
            continue
        found.last = max([found.last, *days])
        files += [reader.file(folder, day) for day in days if first.isoformat() <= day <= last.isoformat()]
    for file, result in zip(files, parallel.map_files(_sums, files), strict=True):
        _note(found, file.stem, result)
    return found


def first_day(last: date, count: int) -> date:
    """The first of `count` days that end with `last`."""
    return last - timedelta(days=count - 1)


def _sums(file: Path) -> tuple[dict[Key, Sum], Tally] | str:
    """The sums of one file and its unreadable records, or the reason why it cannot be read."""
    tally = Tally()
    try:
        return aggregate_exact.day(reader.blocks(file, tally), tally, liveness.of_journal(file.parent)), tally
    except OSError as fault:
        return f"The journal of {file.stem} cannot be read: {reason(fault)}."


def _note(found: Summary, day: str, result: tuple[dict[Key, Sum], Tally] | str) -> None:
    if isinstance(result, str):
        found.troubles.append(result)
        return
    summed, tally = result
    found.tally.damaged += tally.damaged
    found.tally.newer += tally.newer
    into = found.days.setdefault(day, {})
    for key, total in summed.items():
        into.setdefault(key, Sum()).add(total)


def _folders(state: StateDir, name: str) -> list[Path]:
    return [Path(state.journal(name, host)) for host in machine_key.recorded_keys(state, name)]

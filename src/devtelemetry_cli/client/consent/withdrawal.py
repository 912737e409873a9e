"""What leaving takes with it: records, sent reports (by erasures that endpoints are asked for), keys and tokens.

Every function is called under the lock of a decision, and completes what an interrupted call left.
"""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from devtelemetry_cli.client import atomic_files, consent_cache, locks, paths, settings, tokens
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.ledger import Ledger

Result = TypeVar("Result")


class Attempts:
    """Steps that are all tried; `faults` are those that failed. A fault is reported once for each file."""

    def __init__(self) -> None:
        self.faults: list[OSError] = []

    def run(self, step: Callable[..., Result], *arguments: object) -> Result | None:
        """The result of a step, or None where it failed."""
        try:
            return step(*arguments)
        except OSError as fault:
            if fault.filename not in [known.filename for known in self.faults]:
                self.faults.append(fault)
            return None

    @contextmanager
    def locked(self, state: StateDir) -> Iterator[None]:
        """One decision at a time, as far as a lock can be made. Raises BusyError, ConfigurationError."""
        with ExitStack() as held:
            try:
                held.enter_context(locks.exclusive(state, locks.CONSENT))
            except locks.BusyError:
                raise
            except OSError as fault:
                self.faults.append(fault)
            yield


def finish(state: StateDir, key: str) -> None:
    """Delete what a run or flush left that was under way while its user declined; sent reports are withdrawn too.

    Raises OSError.
    """
    with locks.exclusive(state, locks.CONSENT):
        decision = decisions.find(state.config, key)
        if decision is not None and decision.state == consent_cache.DECLINED:
            queue_erasures(state, key)
            delete_everything(state, key)


def delete_records(state: StateDir, key: str) -> None:
    """Delete the journals of a destination. Raises OSError."""
    for name in (key, paths.local_journal(key)):
        delete(state.journal(name))


def delete_ledger(state: StateDir, key: str) -> None:
    """Delete the delivery state of a destination. Raises OSError."""
    delete(state.ledger(key))


def delete_everything(state: StateDir, key: str) -> None:
    """Delete every record of a destination, and its token once no erasure needs it. Raises OSError.

    The machine's key goes with the last destination that records under it.
    """
    delete_records(state, key)
    delete_ledger(state, key)
    if not _is_erasure_pending(state, key):
        atomic_files.remove(tokens.path(state.config, key))
    known = decisions.decisions(settings.read_user(state.config)).values()
    if all(decision.state == consent_cache.DECLINED for decision in known):
        delete(state.hosts)
        delete(state.dropped)
        for damaged in decisions.moved_aside(state.config):
            delete(damaged)  # it may hold an ID


def queue_erasures(state: StateDir, key: str, url: str = "") -> bool:
    """Queue the erasure of every ID under which a report went to `key`; True where there was any. Raises OSError.

    The ledger holds the IDs even where the config is damaged, or changed during a flush; `url` is asked then.
    """
    ledgers = Path(state.ledger(key))
    withdrawn = {found for host in ledgers.glob("*") for found in Ledger(state, key, host.name).sent_ids()}
    contact = ""
    with suppress(settings.DamagedError):
        decision = decisions.find(state.config, key)
        if decision is not None and ledgers.exists():
            url, contact = decision.url, decision.contact
            withdrawn |= {decision.anonymous_id} - {""}
    for anonymous_id in sorted(withdrawn):
        erasures.queue(state, erasures.Erasure(url, key, anonymous_id, contact))
    return bool(withdrawn)


def make_local(state: StateDir, key: str) -> None:
    """Move a destination's records into its local journal, which is never sent, and delete its ledger."""
    shared = Path(state.journal(key))
    for day in sorted(day for day in shared.glob("*/*.jsonl") if day.is_file()):  # opening a fifo would block
        own = Path(state.journal(paths.local_journal(key), day.parent.name)) / day.name
        own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if own.exists():
            records = day.read_bytes()
            if not own.read_bytes().endswith(records):  # as a crash before the unlink leaves it
                with own.open("ab") as file:
                    file.write(records)
            day.unlink()
        else:
            day.replace(own)
    delete(shared)
    delete_ledger(state, key)


def delete(path: str | Path) -> None:
    """Delete a folder, or what is in its place. Raises OSError, as for a linked folder, instead of leaving it."""
    place = Path(path)
    if place.is_symlink() and place.is_dir():
        raise OSError(errno.ELOOP, "it is a link to a folder", str(place))
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _is_erasure_pending(state: StateDir, key: str) -> bool:
    """Whether the endpoint of `key` has an erasure to confirm; an unreadable list counts as one."""
    try:
        return any(erasure.key == key for erasure in erasures.pending(state))
    except OSError:
        return True

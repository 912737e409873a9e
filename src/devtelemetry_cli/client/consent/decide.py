"""Grant, local and decline: the decision is written, and what follows from it is done."""

import functools
import secrets
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from devtelemetry_cli.client import atomic_files, consent_cache, locks, paths, settings, start_file, tokens
from devtelemetry_cli.client.consent import ask_limit, decisions
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.destination import NOWHERE
from devtelemetry_cli.client.journal import dropped
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.ledger import Ledger
from devtelemetry_cli.report.fields import NOTICE_VERSION

Rest = ParamSpec("Rest")
Done = TypeVar("Done")


def _alone(act: Callable[Concatenate[StateDir, Rest], Done]) -> Callable[Concatenate[StateDir, Rest], Done]:
    """One decision at a time, with all that follows from it: of two at once, the later one stands as a whole."""

    @functools.wraps(act)
    def locked(state: StateDir, /, *rest: Rest.args, **named: Rest.kwargs) -> Done:
        with locks.exclusive(state, locks.CONSENT):
            return act(state, *rest, **named)

    return locked


@_alone
def grant(state: StateDir, terms: Terms, now: float) -> Decision:
    """Agree to the terms. A new random ID, unless this renews an agreement that stands. Raises OSError."""

    def change(known: dict[str, Decision]) -> None:
        before = known.get(terms.destination.key)
        renewed = before if before is not None and before.state == consent_cache.GRANTED else None
        known[terms.destination.key] = Decision(
            key=terms.destination.key,
            url=terms.destination.url,
            state=consent_cache.GRANTED,
            decided=_moment(now),
            grant=renewed.grant if renewed else secrets.token_hex(4),
            anonymous_id=renewed.anonymous_id if renewed else str(uuid.uuid4()),
            organisation=terms.organisation,
            purpose=terms.purpose,
            contact=terms.contact,
            notice=NOTICE_VERSION,
            notice_hash=terms.hash(),
        )

    return _write(state, terms.destination.key, change)


@_alone
def local(state: StateDir, terms: Terms | None, now: float) -> Decision:
    """Record for oneself alone. What was recorded to be sent becomes one's own, and what was sent is withdrawn."""
    key, url = (terms.destination.key, terms.destination.url) if terms else (NOWHERE, "")

    def change(known: dict[str, Decision]) -> None:
        before = known.get(key)
        kept = before.grant if before is not None and before.state == consent_cache.LOCAL else secrets.token_hex(4)
        known[key] = Decision(key=key, url=url, state=consent_cache.LOCAL, decided=_moment(now), grant=kept)

    _queue_erasure(state, key)
    decision = _write(state, key, change)
    _make_own(state, key)
    _delete(state.ledger(key))
    return decision


@_alone
def decline(state: StateDir, key: str, url: str, now: float) -> bool:
    """Say no, or leave: delete the records, queue the erasure of what was sent, then forget the rest.

    Whether an erasure was queued. The records go first, so that a full disk has room for the decision. Raises
    OSError; saying it again completes what a crash left.
    """
    _delete_records(state, key)
    queued = _queue_erasure(state, key, url)

    def change(known: dict[str, Decision]) -> None:
        known[key] = Decision(key=key, url=url, state=consent_cache.DECLINED, decided=_moment(now))

    _write(state, key, change)
    erase(state, key)
    return queued


@_alone
def forget(state: StateDir, key: str) -> bool:
    """Erase all that was recorded and sent so far, here and at the endpoint; the agreement goes on under a new ID.

    Whether an erasure was queued. Raises OSError.
    """
    _delete_records(state, key)
    queued = _queue_erasure(state, key)

    def change(known: dict[str, Decision]) -> None:
        if key in known and known[key].state == consent_cache.GRANTED:
            known[key] = replace(known[key], grant=secrets.token_hex(4), anonymous_id=str(uuid.uuid4()))

    _write(state, key, change)
    _delete(state.ledger(key))
    return queued


@_alone
def erase_again(state: StateDir, key: str) -> None:
    """Delete what a run or a flush left that was under way while its owner declined. Raises OSError.

    What a flush sent meanwhile is withdrawn too.
    """
    decision = decisions.find(state.config, key)
    if decision is not None and decision.state == consent_cache.DECLINED:
        _queue_erasure(state, key)
        erase(state, key)


def erase(state: StateDir, key: str) -> None:
    """Delete every record of a destination; its token too, once no erasure needs it. Raises OSError.

    The machine's key goes with the last destination that records under it.
    """
    _delete_records(state, key)
    _delete(state.ledger(key))
    if not _owes(state, key):
        atomic_files.remove(tokens.place(state.config, key))
    known = decisions.decisions(settings.read_user(state.config)).values()
    if all(decision.state == consent_cache.DECLINED for decision in known):
        _delete(state.hosts)
        _delete(state.dropped)
        for damaged in decisions.moved_aside(state.config):
            _delete(damaged)  # an ID may stand in it


def _write(state: StateDir, key: str, change: decisions.Change) -> Decision:
    written: dict[str, Decision] = {}

    def noted(known: dict[str, Decision]) -> None:
        change(known)
        written.update(known)

    decisions.update(state, noted)
    _delete(state.consent_cache)  # remembered from the old config, with its agreements
    ask_limit.forget(state, key)
    _mark(state, key, declined=written[key].state == consent_cache.DECLINED)
    start_file.refresh(state)
    if written[key].state != consent_cache.DECLINED:
        dropped.prepare(state)
    return written[key]


def _queue_erasure(state: StateDir, key: str, url: str = "") -> bool:
    """Queue the erasure of every ID under which a report went to `key`; whether there was any.

    The ledger names the IDs even where the config is damaged, or was changed while a flush was under way; `url` is
    asked then.
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


def _owes(state: StateDir, key: str) -> bool:
    """Whether the endpoint of `key` still owes an erasure; where that cannot be read, it may."""
    try:
        return any(erasure.key == key for erasure in erasures.pending(state))
    except OSError:
        return True


def _delete_records(state: StateDir, key: str) -> None:
    for name in (key, paths.local_journal(key)):
        _delete(state.journal(name))


def _make_own(state: StateDir, key: str) -> None:
    """Move the journals of a destination into the one that is never sent, day by day."""
    theirs = Path(state.journal(key))
    for day in sorted(day for day in theirs.glob("*/*.jsonl") if day.is_file()):  # a fifo would hold us up
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
    _delete(theirs)


def _mark(state: StateDir, key: str, *, declined: bool) -> None:
    """Keep the marker that devtel.mk looks for, so that who declined runs plain make."""
    marker = Path(state.declined_marker(key))
    if declined:
        marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker.touch(mode=0o600)
    else:
        marker.unlink(missing_ok=True)


def _delete(path: str | Path) -> None:
    """Delete a folder, or what stands in its place; what cannot be deleted (a linked folder) is said, not hidden."""
    place = Path(path)
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC).replace(microsecond=0)

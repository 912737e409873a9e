"""Grant, local and decline: the decision is written, and what follows from it is done."""

import functools
import secrets
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from filelock import FileLock

from devtelemetry_cli.client import atomic_files, consent_cache, settings, start_file, tokens
from devtelemetry_cli.client.consent import ask_limit, decisions, judge
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.destination import NOWHERE
from devtelemetry_cli.client.journal import dropped
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.ledger import Ledger
from devtelemetry_cli.report.fields import NOTICE_VERSION

Rest = ParamSpec("Rest")
Done = TypeVar("Done")


@dataclass(frozen=True)
class Keeping:
    """Where decisions and records are kept: the user config's path and the state folder."""

    config: str
    state: str


def _alone(act: Callable[Concatenate[Keeping, Rest], Done]) -> Callable[Concatenate[Keeping, Rest], Done]:
    """One decision at a time, with all that follows from it: of two at once, the later one stands as a whole."""

    @functools.wraps(act)
    def locked(keeping: Keeping, /, *rest: Rest.args, **named: Rest.kwargs) -> Done:
        Path(keeping.state).mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{keeping.state}/consent.lock", timeout=10, mode=0o600):
            return act(keeping, *rest, **named)

    return locked


@_alone
def grant(keeping: Keeping, terms: Terms, now: float) -> Decision:
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

    return _write(keeping, terms.destination.key, change)


@_alone
def local(keeping: Keeping, terms: Terms | None, now: float) -> Decision:
    """Record for oneself alone. What was recorded to be sent becomes one's own, and what was sent is withdrawn."""
    key, url = (terms.destination.key, terms.destination.url) if terms else (NOWHERE, "")

    def change(known: dict[str, Decision]) -> None:
        before = known.get(key)
        kept = before.grant if before is not None and before.state == consent_cache.LOCAL else secrets.token_hex(4)
        known[key] = Decision(key=key, url=url, state=consent_cache.LOCAL, decided=_moment(now), grant=kept)

    _queue_erasure(keeping, key)
    decision = _write(keeping, key, change)
    _make_own(keeping.state, key)
    _delete(Path(keeping.state) / "ledger" / key)
    return decision


@_alone
def decline(keeping: Keeping, key: str, url: str, now: float) -> bool:
    """Say no, or leave: delete the records, queue the erasure of what was sent, then forget the rest.

    Whether an erasure was queued. The records go first, so that a full disk has room for the decision. Raises
    OSError; saying it again completes what a crash left.
    """
    _delete_records(keeping.state, key)
    queued = _queue_erasure(keeping, key, url)

    def change(known: dict[str, Decision]) -> None:
        known[key] = Decision(key=key, url=url, state=consent_cache.DECLINED, decided=_moment(now))

    _write(keeping, key, change)
    erase(keeping, key)
    return queued


@_alone
def forget(keeping: Keeping, key: str) -> bool:
    """Erase all that was recorded and sent so far, here and at the endpoint; the agreement goes on under a new ID.

    Whether an erasure was queued. Raises OSError.
    """
    _delete_records(keeping.state, key)
    queued = _queue_erasure(keeping, key)

    def change(known: dict[str, Decision]) -> None:
        if key in known and known[key].state == consent_cache.GRANTED:
            known[key] = replace(known[key], grant=secrets.token_hex(4), anonymous_id=str(uuid.uuid4()))

    _write(keeping, key, change)
    _delete(Path(keeping.state) / "ledger" / key)
    return queued


@_alone
def erase_again(keeping: Keeping, key: str) -> None:
    """Delete what a run or a flush left that was under way while its owner declined. Raises OSError.

    What a flush sent meanwhile is withdrawn too.
    """
    decision = decisions.find(keeping.config, key)
    if decision is not None and decision.state == consent_cache.DECLINED:
        _queue_erasure(keeping, key)
        erase(keeping, key)


def erase(keeping: Keeping, key: str) -> None:
    """Delete every record of a destination; its token too, once no erasure needs it. Raises OSError.

    The machine's key goes with the last destination that records under it.
    """
    state = Path(keeping.state)
    _delete_records(keeping.state, key)
    _delete(state / "ledger" / key)
    if not _owes(keeping.state, key):
        atomic_files.remove(tokens.place(keeping.config, key))
    known = decisions.decisions(settings.read_user(keeping.config)).values()
    if all(decision.state == consent_cache.DECLINED for decision in known):
        _delete(state / "hosts")
        _delete(state / "dropped")
        for damaged in decisions.moved_aside(keeping.config):
            _delete(damaged)  # an ID may stand in it


def _write(keeping: Keeping, key: str, change: decisions.Change) -> Decision:
    written: dict[str, Decision] = {}

    def noted(known: dict[str, Decision]) -> None:
        change(known)
        written.update(known)

    decisions.update(keeping.config, keeping.state, noted)
    _delete(Path(keeping.state) / "verdicts")  # remembered from the old config, with its agreements
    ask_limit.forget(keeping.state, key)
    _mark(keeping.state, key, declined=written[key].state == consent_cache.DECLINED)
    start_file.refresh(keeping.config, keeping.state)
    if written[key].state != consent_cache.DECLINED:
        dropped.prepare(keeping.state)
    return written[key]


def _queue_erasure(keeping: Keeping, key: str, url: str = "") -> bool:
    """Queue the erasure of every ID under which a report went to `key`; whether there was any.

    The ledger names the IDs even where the config is damaged, or was changed while a flush was under way; `url` is
    asked then.
    """
    ledgers = Path(keeping.state) / "ledger" / key
    withdrawn = {found for host in ledgers.glob("*") for found in Ledger(keeping.state, key, host.name).sent_ids()}
    contact = ""
    with suppress(settings.DamagedError):
        decision = decisions.find(keeping.config, key)
        if decision is not None and ledgers.exists():
            url, contact = decision.url, decision.contact
            withdrawn |= {decision.anonymous_id} - {""}
    for anonymous_id in sorted(withdrawn):
        erasures.queue(keeping.state, erasures.Erasure(url, key, anonymous_id, contact))
    return bool(withdrawn)


def _owes(state: str, key: str) -> bool:
    """Whether the endpoint of `key` still owes an erasure; where that cannot be read, it may."""
    try:
        return any(erasure.key == key for erasure in erasures.pending(state))
    except OSError:
        return True


def _delete_records(state: str, key: str) -> None:
    for name in (key, judge.journal_name(key, consent_cache.LOCAL)):
        _delete(Path(state) / "journal" / name)


def _make_own(state: str, key: str) -> None:
    """Move the journals of a destination into the one that is never sent, day by day."""
    theirs = Path(state) / "journal" / key
    for day in sorted(day for day in theirs.glob("*/*.jsonl") if day.is_file()):  # a fifo would hold us up
        own = Path(state) / "journal" / judge.journal_name(key, consent_cache.LOCAL) / day.parent.name / day.name
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


def _mark(state: str, key: str, *, declined: bool) -> None:
    """Keep the marker that devtel.mk looks for, so that who declined runs plain make."""
    marker = Path(state) / "declined" / key
    if declined:
        marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker.touch(mode=0o600)
    else:
        marker.unlink(missing_ok=True)


def _delete(place: Path) -> None:
    """Delete a folder, or what stands in its place; what cannot be deleted (a linked folder) is said, not hidden."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC).replace(microsecond=0)

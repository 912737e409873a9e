"""Grant, local and decline: the decision is written, and what follows from it is done."""

import os
import secrets
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devtelemetry_cli import erasures, settings, tokens, verdict
from devtelemetry_cli.consent import budget, judge, store
from devtelemetry_cli.consent.notice import Terms
from devtelemetry_cli.consent.store import Decision
from devtelemetry_cli.destination import NOWHERE
from devtelemetry_cli.journal import dropped
from devtelemetry_cli.report.fields import NOTICE_VERSION


@dataclass(frozen=True)
class Keeping:
    """Where decisions and records are kept: the user config's path and the state folder."""

    config: str
    state: str


def grant(keeping: Keeping, terms: Terms, now: float) -> Decision:
    """Agree to the terms. A new random ID, unless this renews an agreement that stands. Raises OSError."""

    def change(known: dict[str, Decision]) -> None:
        before = known.get(terms.destination.key)
        renewed = before if before is not None and before.state == verdict.GRANTED else None
        known[terms.destination.key] = Decision(
            key=terms.destination.key,
            url=terms.destination.url,
            state=verdict.GRANTED,
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


def local(keeping: Keeping, terms: Terms | None, now: float) -> Decision:
    """Record for oneself alone. What was recorded to be sent becomes one's own, and what was sent is withdrawn."""
    key, url = (terms.destination.key, terms.destination.url) if terms else (NOWHERE, "")

    def change(known: dict[str, Decision]) -> None:
        before = known.get(key)
        kept = before.grant if before is not None and before.state == verdict.LOCAL else secrets.token_hex(4)
        known[key] = Decision(key=key, url=url, state=verdict.LOCAL, decided=_moment(now), grant=kept)

    _queue_erasure(keeping, key)
    decision = _write(keeping, key, change)
    _make_own(keeping.state, key)
    _delete(Path(keeping.state) / "ledger" / key)
    return decision


def decline(keeping: Keeping, key: str, url: str, now: float) -> bool:
    """Say no, or leave: delete the records, queue the erasure of what was sent, then forget the rest.

    Whether an erasure was queued. The records go first, so that a full disk has room for the decision. Raises
    OSError; saying it again completes what a crash left.
    """
    _delete_records(keeping.state, key)
    queued = _queue_erasure(keeping, key)

    def change(known: dict[str, Decision]) -> None:
        known[key] = Decision(key=key, url=url, state=verdict.DECLINED, decided=_moment(now))

    _write(keeping, key, change)
    erase(keeping, key)
    return queued


def erase(keeping: Keeping, key: str) -> None:
    """Delete every record of a destination; its token too, once no erasure needs it. Raises OSError.

    The machine's key goes with the last destination that records under it.
    """
    state = Path(keeping.state)
    _delete_records(keeping.state, key)
    _delete(state / "ledger" / key)
    if not any(erasure.key == key for erasure in erasures.pending(keeping.state)):
        tokens.place(keeping.config, key).unlink(missing_ok=True)
    known = store.decisions(settings.read_user(keeping.config)).values()
    if all(decision.state == verdict.DECLINED for decision in known):
        _delete(state / "hosts")
        (state / "dropped").unlink(missing_ok=True)


def _write(keeping: Keeping, key: str, change: store.Change) -> Decision:
    written: dict[str, Decision] = {}

    def noted(known: dict[str, Decision]) -> None:
        change(known)
        written.update(known)

    store.update(keeping.config, keeping.state, noted)
    _delete(Path(keeping.state) / "verdicts")  # remembered from the old config, with its agreements
    budget.forget(keeping.state, key)
    _mark(keeping.state, key, declined=written[key].state == verdict.DECLINED)
    if written[key].state != verdict.DECLINED:
        dropped.prepare(keeping.state)
    return written[key]


def _queue_erasure(keeping: Keeping, key: str) -> bool:
    """Queue the erasure of the ID that stands for `key`, if any report went out under it."""
    try:
        decision = store.find(keeping.config, key)
    except settings.DamagedError:
        return False
    sent = (Path(keeping.state) / "ledger" / key).exists()
    if decision is None or not decision.anonymous_id or not sent:
        return False
    erasures.queue(keeping.state, erasures.Erasure(decision.url, key, decision.anonymous_id, decision.contact))
    return True


def _delete_records(state: str, key: str) -> None:
    for name in (key, judge.journal_name(key, verdict.LOCAL)):
        _delete(Path(state) / "journal" / name)


def _make_own(state: str, key: str) -> None:
    """Move the journals of a destination into the one that is never sent, day by day."""
    theirs = Path(state) / "journal" / key
    for day in sorted(theirs.glob("*/*.jsonl")):
        own = Path(state) / "journal" / judge.journal_name(key, verdict.LOCAL) / day.parent.name / day.name
        own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if own.exists():
            with own.open("ab") as file:
                file.write(day.read_bytes())
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


def _delete(folder: Path) -> None:
    """Delete a folder; what cannot be deleted is said, not hidden."""
    if os.path.lexists(folder):
        shutil.rmtree(folder)


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC).replace(microsecond=0)

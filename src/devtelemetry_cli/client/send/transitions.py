"""The next state of a day: before its report leaves, after an answer, after a visit. Pure functions of values."""

import random
from dataclasses import dataclass, replace

from devtelemetry_cli.client.send import ledger
from devtelemetry_cli.client.send.ledger import Entry
from devtelemetry_cli.client.send.outbox import Report
from devtelemetry_cli.client.send.responses import Answer, Meaning

FIRST_PAUSE = 300.0  # seconds of the first backoff, doubled with each failure
LONGEST_PAUSE = 6 * 3600.0
LIMITED_TRIES = 4  # tries of a report that the endpoint fails on while it stores others ...
LIMITED_SECONDS = 30 * 3600.0  # ... over at least this long, before its day is set aside


@dataclass(frozen=True)
class Skip:
    """Nothing leaves now; `entry` is to be written where it is not None."""

    entry: Entry | None = None


@dataclass(frozen=True)
class Freeze:
    """The journal holds less than was sent: the day is never sent again."""

    entry: Entry


@dataclass(frozen=True)
class Send:
    """The report is to be sent; `entry` is written before it leaves."""

    entry: Entry


def decide(report: Report, entry: Entry, *, is_held_back: bool) -> Skip | Freeze | Send:
    """The next step for a day. A report without changes is never sent, nor one that a pause holds back."""
    seen = replace(entry, journal_size=report.journal_size, running=report.running)
    if report.has_changes(entry):
        return Skip() if is_held_back else Send(_sending(seen, report))
    if report.runs < entry.sent_runs:
        return Freeze(replace(seen, state=ledger.FROZEN))
    return Skip(seen if entry.acknowledged else None)


def apply_response(sending: Entry, before: Entry, answer: Answer, now: float) -> Entry:
    """The entry after an answer; `before` is the entry as it was when the report was decided on."""
    answered = replace(sending, status=answer.status, answer=answer.sentence, state=ledger.LATER)
    if answer.meaning is Meaning.STORED:
        stored = replace(answered, state=ledger.SENT, tries=0, first_try=0.0, next_try=0.0)
        return replace(stored, acknowledged=sending.sha256, acknowledged_at=now, acknowledged_runs=sending.sent_runs)
    if answer.meaning is Meaning.REFUSED:
        return replace(answered, state=ledger.REFUSED, sent_runs=before.sent_runs)
    return answered


def count_failure(entry: Entry, answer: Answer, now: float) -> Entry:
    """The entry after an internal error of an endpoint that stored other days: set aside after some tries."""
    counted = replace(entry, tries=entry.tries + 1, first_try=entry.first_try or now)
    if counted.tries >= LIMITED_TRIES and now - counted.first_try >= LIMITED_SECONDS:
        return replace(counted, state=ledger.REFUSED, answer=answer.refusal)
    return replace(counted, next_try=next_try(counted.tries, answer, now))


def next_try(failures: int, answer: Answer, now: float) -> float:
    """The time (POSIX) of the next try after so many failures in a row.

    Exponential backoff with full jitter, or the time that the endpoint asked for where it is later; never more than
    LONGEST_PAUSE ahead.
    """
    pause = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 16)))  # noqa: S311  no secret
    return now + max(pause, min(answer.wait, LONGEST_PAUSE))


def _sending(seen: Entry, report: Report) -> Entry:
    return replace(
        seen, state=ledger.SENDING, sent_runs=report.runs, body=report.body.decode("ascii"), sha256=report.sha256
    )

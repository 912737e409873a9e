"""`devtel flush`: each destination's changed days -> bytes -> POST -> ledger.

To be read in the order `flush`, `_serve`, `_tell`, `_settle`. What comes from outside is in `Flush`.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from devtelemetry_cli import destination, environment, erasures, ledger, settings, tokens, verdict
from devtelemetry_cli.consent import store
from devtelemetry_cli.consent.decide import Keeping
from devtelemetry_cli.consent.store import Decision
from devtelemetry_cli.errors import DevtelError, TryLaterError
from devtelemetry_cli.journal import hosts
from devtelemetry_cli.ledger import Entry, Ledger
from devtelemetry_cli.report.metrics import Environment
from devtelemetry_cli.send import days, erasing, tidy
from devtelemetry_cli.send.answers import Answer, Meaning
from devtelemetry_cli.send.days import Journal, Report
from devtelemetry_cli.send.post import Endpoint

FIRST_PAUSE = 300.0  # seconds of the first backoff; doubled with each failure, with full jitter
LONGEST_PAUSE = 6 * 3600.0
PERHAPS_TRIES = 4  # tries of a body that may itself be at fault ...
PERHAPS_SECONDS = 30 * 3600.0  # ... over at least this long, before its day is set aside
_ENDS_THE_VISIT = (Meaning.LATER, Meaning.AGAIN, Meaning.STOP)


@dataclass(frozen=True)
class Flush:
    """One flush: what it works on, and how long it may take.

    `in_person`: somebody waits for it, so no pause holds it back. `deadline` is on the monotonic clock.
    """

    keeping: Keeping
    environ: dict[str, str]
    in_person: bool
    deadline: float
    now: float = field(default_factory=time.time)

    @property
    def today(self) -> date:
        """The local date."""
        return date.fromtimestamp(self.now)  # noqa: DTZ012  journals are named by the local day

    def is_held_back(self, until: float) -> bool:
        """Whether a pause still lasts. One that ends later than any pause can was made by another clock."""
        return not self.in_person and self.now < until <= self.now + LONGEST_PAUSE


@dataclass
class Result:
    """How it went with one destination: days stored, erasures answered, and the faults on the way."""

    host: str
    sent: list[str] = field(default_factory=list)
    erasures: list[str] = field(default_factory=list)
    faults: list[DevtelError] = field(default_factory=list)


def flush(job: Flush) -> list[Result]:
    """Tell every destination its changed days. Raises TryLaterError while another flush runs, ConfigurationError."""
    with _alone(job.keeping.state):
        user = settings.read_user(job.keeping.config)
        decided = store.decisions(user)
        results = [_erase(job, owed, len(decided)) for owed in erasures.pending(job.keeping.state)]
        for decision in decided.values():
            if decision.state == verdict.GRANTED and job.now < decision.until.timestamp():
                results.append(_serve(job, decision, len(decided)))
            tidy.destination(job.keeping, decision, user.keep_days, job.today)
        return results


def preview(job: Flush) -> Iterator[tuple[Decision, Report]]:
    """The reports that a flush would send now, with their exact bytes; nothing is changed."""
    host = hosts.find(job.keeping.state)
    for decision in store.decisions(settings.read_user(job.keeping.config)).values():
        if host and decision.state == verdict.GRANTED and job.now < decision.until.timestamp():
            book = Ledger(job.keeping.state, decision.key, host)
            for report in _reports(job, decision, book):
                if _has_news(report, book.entry(report.date)):
                    yield decision, report


def pause(failures: int) -> float:
    """Seconds to the next try after so many failures in a row: exponential backoff with full jitter."""
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 16)))  # noqa: S311  no secret


def _serve(job: Flush, decision: Decision, destinations: int) -> Result:
    """Tell one destination what changed; a day that is refused does not hold back the others."""
    result = Result(destination.parse(decision.url).host)
    host = hosts.find(job.keeping.state)
    if host is None:
        return result
    book = Ledger(job.keeping.state, decision.key, host)
    visit = book.endpoint()
    if job.is_held_back(visit.next_try):
        return result
    try:
        token = _token(job, decision.key, decision.url, destinations)
        with _endpoint(job, decision.url, result.host, token) as endpoint:
            for report in _reports(job, decision, book):
                answer = _tell(job, book, endpoint, report)
                if answer is not None:
                    _note(result, visit, report, answer, job.now)
                if answer is not None and answer.meaning in _ENDS_THE_VISIT:
                    break
        book.keep_endpoint(replace(visit, last_flush=job.now))
    except DevtelError as fault:
        result.faults.append(fault)
    except OSError as fault:
        result.faults.append(_cannot_keep(fault))
    return result


def _reports(job: Flush, decision: Decision, book: Ledger) -> Iterator[Report]:
    here: Environment | None = None
    journal = Journal(Path(job.keeping.state) / "journal" / decision.key / book.host, book.host, decision)
    for day in days.changed(journal, book, job.today):
        here = here or environment.snapshot(job.environ)  # asks make for its version, so only when needed
        yield journal.report(day, here)


def _has_news(report: Report, entry: Entry) -> bool:
    return report.runs > 0 and report.runs >= entry.told_runs and report.sha256 != entry.acknowledged


def _tell(job: Flush, book: Ledger, endpoint: Endpoint, report: Report) -> Answer | None:
    """Send one day's report and settle its entry; None where it had nothing to tell, or must wait."""
    entry = book.entry(report.date)
    seen = replace(entry, journal_size=report.journal_size, running=report.running)
    if not _has_news(report, entry):
        if report.runs < entry.told_runs:
            book.keep(replace(seen, state=ledger.FROZEN))
        elif entry.acknowledged:
            book.keep(seen)
        return None
    if job.is_held_back(entry.next_try):
        return None
    told = replace(
        seen,
        state=ledger.SENDING,
        told_runs=report.runs,
        body=report.body.decode("ascii"),
        sha256=report.sha256,
        first_try=entry.first_try or job.now,
        tries=entry.tries + 1,
    )
    book.keep(told)
    answer = endpoint.report(report.body)
    book.keep(_settle(told, entry, answer, job.now))
    return answer


def _settle(told: Entry, before: Entry, answer: Answer, now: float) -> Entry:
    """The entry after an answer."""
    heard = replace(told, status=answer.status, answer=answer.sentence, state=ledger.LATER)
    if answer.meaning is Meaning.STORED:
        stored = replace(heard, state=ledger.SENT, tries=0, first_try=0.0, next_try=0.0)
        return replace(stored, acknowledged=told.sha256, acknowledged_at=now, acknowledged_runs=told.told_runs)
    if answer.meaning is Meaning.REFUSED:
        return replace(heard, state=ledger.REFUSED, told_runs=before.told_runs)
    if answer.meaning is Meaning.PERHAPS:
        if told.tries >= PERHAPS_TRIES and now - told.first_try >= PERHAPS_SECONDS:
            return replace(heard, state=ledger.REFUSED)
        return replace(heard, next_try=now + max(pause(told.tries), min(answer.wait, LONGEST_PAUSE)))
    return replace(heard, tries=before.tries, first_try=before.first_try)


def _note(result: Result, visit: ledger.Endpoint, report: Report, answer: Answer, now: float) -> None:
    """Note what an answer means for the destination as a whole."""
    if answer.meaning is Meaning.STORED:
        result.sent.append(report.date)
        visit.last_success, visit.failures, visit.next_try, visit.trouble = now, 0, 0.0, ""
        return
    result.faults.append(answer.error(answer.sentence))
    visit.trouble = answer.sentence
    if answer.meaning in _ENDS_THE_VISIT:
        visit.failures += 1
        visit.next_try = now + max(pause(visit.failures), min(answer.wait, LONGEST_PAUSE))


def _erase(job: Flush, owed: erasures.Erasure, destinations: int) -> Result:
    """Ask an endpoint for an erasure that it owes; this waits for no pause."""
    result = Result(destination.parse(owed.url).host)
    try:
        token = _token(job, owed.key, owed.url, destinations)
        with _endpoint(job, owed.url, result.host, token) as endpoint:
            outcome = erasing.ask(job.keeping.state, endpoint, owed, job.in_person)
        if outcome.fault is not None:
            result.faults.append(outcome.fault)
        else:
            result.erasures.append(outcome.sentence)
    except DevtelError as fault:
        result.faults.append(fault)
    except OSError as fault:
        result.faults.append(_cannot_keep(fault))
    return result


def _token(job: Flush, key: str, url: str, destinations: int) -> str:
    return tokens.find(job.keeping.config, job.environ, key, url, only_destination=destinations == 1)


@contextmanager
def _endpoint(job: Flush, url: str, host: str, token: str) -> Iterator[Endpoint]:
    endpoint = Endpoint(url, host, token, job.deadline)
    try:
        yield endpoint
    finally:
        endpoint.close()


def _cannot_keep(fault: OSError) -> DevtelError:
    where = f"{fault.filename}: " if fault.filename else ""
    return TryLaterError(f"What was sent cannot be noted ({where}{fault.strerror or fault}).", "Nothing is lost.")


@contextmanager
def _alone(state: str) -> Iterator[None]:
    """One flush at a time: the lock dies with its holder. Raises TryLaterError."""
    try:
        Path(state).mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(f"{state}/flush.lock", blocking=False, mode=0o600)
        with lock:
            yield
    except Timeout:
        raise TryLaterError("Another flush is under way.", "It tells what there is to tell.") from None

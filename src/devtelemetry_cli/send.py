"""`devtel flush`: each destination's changed days -> bytes -> POST -> ledger.

To be read in the order `flush`, `_serve`, `_visit`, `_tell`, `_settle`. What comes from outside is in `Flush`.
"""

import errno
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from devtelemetry_cli.client import consent_cache, destination, locks, machine, settings, tokens
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.http import HttpClient
from devtelemetry_cli.client.journal import machine_key
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasure_requests, erasures, ledger, outbox, retention
from devtelemetry_cli.client.send.endpoint import ReportEndpoint
from devtelemetry_cli.client.send.ledger import Entry, Ledger
from devtelemetry_cli.client.send.outbox import Journal, Report
from devtelemetry_cli.client.send.responses import Answer, Meaning
from devtelemetry_cli.errors import DevtelError, TryLaterError
from devtelemetry_cli.model.metrics import Environment

FIRST_PAUSE = 300.0  # seconds of the first backoff; doubled with each failure, with full jitter
LONGEST_PAUSE = 6 * 3600.0
PERHAPS_TRIES = 4  # tries of a body that may itself be at fault ...
PERHAPS_SECONDS = 30 * 3600.0  # ... over at least this long, before its day is set aside
_ENDS_THE_VISIT = (Meaning.LATER, Meaning.RETRY_NOW, Meaning.STOP)
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # no other day could be noted either


@dataclass(frozen=True)
class FlushOptions:
    """One flush: what it works on, and how long it may take.

    `in_person`: somebody waits for it, so no pause holds it back. `deadline` is on the monotonic clock. `progress`
    is called with (days done, days in all) as one destination's days are told.
    """

    state: StateDir
    environ: dict[str, str]
    in_person: bool
    deadline: float
    now: float = field(default_factory=time.time)
    progress: Callable[[int, int], None] = lambda _done, _all: None

    @property
    def today(self) -> date:
        """The local date."""
        return date.fromtimestamp(self.now)  # noqa: DTZ012  journals are named by the local day

    @cached_property
    def machine(self) -> Environment:
        """This machine; make is asked for its version, so only when it is needed, and once."""
        return machine.snapshot(self.environ)

    def is_held_back(self, until: float) -> bool:
        """Whether a pause still lasts. One that ends later than any pause can was made by another clock."""
        return not self.in_person and self.now < until <= self.now + LONGEST_PAUSE


@dataclass
class Result:
    """How it went with one destination: days stored, erasures answered, and the faults on the way."""

    host: str = ""
    sent: list[str] = field(default_factory=list)
    erasures: list[str] = field(default_factory=list)
    faults: list[DevtelError] = field(default_factory=list)


def flush(job: FlushOptions) -> list[Result]:
    """Tell every destination its changed days. Raises TryLaterError while another flush runs, ConfigurationError.

    What is wrong with one destination, day or erasure is noted in its result and holds back no other.
    """
    with _alone(job.state):
        user = settings.read_user(job.state.config)
        decided = decisions.decisions(user)
        tidied = [_tidy(job, decision, user.keep_days) for decision in decided.values()]
        erased = _erase_all(job, len(decided))
        served = [_serve(job, decision, len(decided)) for decision in decided.values()]
        return [*tidied, *erased, *served]


def preview(job: FlushOptions) -> Iterator[tuple[Decision, Report]]:
    """The reports that a flush would send now, with their exact bytes; nothing is changed. Raises OSError."""
    for decision in decisions.decisions(settings.read_user(job.state.config)).values():
        if decision.state == consent_cache.GRANTED and job.now < decision.until.timestamp():
            for journal, book in _books(job, decision):
                for day in outbox.changed(journal, book, job.today):
                    report = journal.report(day, job.machine)
                    if report.has_changes(book.entry(day)):
                        yield decision, report


def pause(failures: int) -> float:
    """Seconds to the next try after so many failures in a row: exponential backoff with full jitter."""
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 16)))  # noqa: S311  no secret


def _tidy(job: FlushOptions, decision: Decision, keep_days: int) -> Result:
    """Delete what is not kept; what declining left behind goes before anything is sent."""
    result = Result()
    with _noted(result):
        retention.destination(job.state, decision, keep_days, job.today)
    return result


def _serve(job: FlushOptions, decision: Decision, destinations: int) -> Result:
    """Tell one destination what changed, where its owner agreed."""
    result = Result()
    if decision.state != consent_cache.GRANTED or job.now >= decision.until.timestamp():
        return result
    with _noted(result):
        result.host = destination.parse(decision.url).host
        token = _token(job, decision.key, decision.url, destinations)
        with _endpoint(job, decision.url, result.host, token) as endpoint:
            for journal, book in _books(job, decision):
                if not send_host(job, journal, book, endpoint, result):
                    break
    return result


def _books(job: FlushOptions, decision: Decision) -> Iterator[tuple[Journal, Ledger]]:
    """Journal and ledger of each host that is served here."""
    for host in machine_key.deliverable_keys(job.state, decision.key):
        folder = Path(job.state.journal(decision.key, host))
        yield Journal(folder, host, decision), Ledger(job.state, decision.key, host)


def send_host(job: FlushOptions, journal: Journal, book: Ledger, endpoint: ReportEndpoint, result: Result) -> bool:
    """Tell the changed days of one host; False where the endpoint or our disk takes no more of them now.

    Raises OSError where the folders themselves cannot be used.
    """
    visit = book.delivery_status()
    if job.is_held_back(visit.next_try):
        return True
    goes_on = True
    changed = list(outbox.changed(journal, book, job.today))
    for done, day in enumerate(changed):
        job.progress(done, len(changed))
        if not consent_still_valid(job, journal.decision):
            return False
        try:
            answer = send_day(job, book, endpoint, journal.report(day, job.machine))
        except OSError as fault:
            result.faults.append(_cannot_use(f"The records of {day}", fault))
            if fault.errno in _OF_THE_DISK:
                return False
            continue
        if answer is not None:
            _note(result, visit, day, answer, job.now)
            goes_on = answer.meaning not in _ENDS_THE_VISIT
        if not goes_on:
            break
    book.keep_delivery_status(replace(visit, last_flush=job.now))
    return goes_on


def consent_still_valid(job: FlushOptions, decision: Decision) -> bool:
    """Whether the agreement still stands: its owner may end it while we are sending. Raises ConfigurationError."""
    now = decisions.find(job.state.config, decision.key)
    return now is not None and (now.state, now.grant) == (consent_cache.GRANTED, decision.grant)


def send_day(job: FlushOptions, book: Ledger, endpoint: ReportEndpoint, report: Report) -> Answer | None:
    """Send one day's report and settle its entry; None where it had nothing to tell, or must wait."""
    entry = book.entry(report.date)
    seen = replace(entry, journal_size=report.journal_size, running=report.running)
    if not report.has_changes(entry):
        if report.runs < entry.sent_runs:
            book.keep(replace(seen, state=ledger.FROZEN))
        elif entry.acknowledged:
            book.keep(seen)
        return None
    if job.is_held_back(entry.next_try):
        return None
    told = replace(
        seen,
        state=ledger.SENDING,
        sent_runs=report.runs,
        body=report.body.decode("ascii"),
        sha256=report.sha256,
        first_try=entry.first_try or job.now,
        tries=entry.tries + 1,
    )
    book.keep(told)
    answer = endpoint.report(report.body)
    book.keep(apply_response(told, entry, answer, job.now))
    return answer


def apply_response(told: Entry, before: Entry, answer: Answer, now: float) -> Entry:
    """The entry after an answer."""
    heard = replace(told, status=answer.status, answer=answer.sentence, state=ledger.LATER)
    if answer.meaning is Meaning.STORED:
        stored = replace(heard, state=ledger.SENT, tries=0, first_try=0.0, next_try=0.0)
        return replace(stored, acknowledged=told.sha256, acknowledged_at=now, acknowledged_runs=told.sent_runs)
    if answer.meaning is Meaning.REFUSED:
        return replace(heard, state=ledger.REFUSED, sent_runs=before.sent_runs)
    if answer.meaning is Meaning.RETRY_LIMITED:
        if told.tries >= PERHAPS_TRIES and now - told.first_try >= PERHAPS_SECONDS:
            return replace(heard, state=ledger.REFUSED)
        return replace(heard, next_try=now + max(pause(told.tries), min(answer.wait, LONGEST_PAUSE)))
    return replace(heard, tries=before.tries, first_try=before.first_try)


def _note(result: Result, visit: ledger.DeliveryStatus, day: str, answer: Answer, now: float) -> None:
    """Note what an answer means for the destination as a whole."""
    if answer.meaning is Meaning.STORED:
        result.sent.append(day)
        visit.last_success, visit.failures, visit.next_try, visit.last_error = now, 0, 0.0, ""
        return
    result.faults.append(answer.error(answer.sentence))
    visit.last_error = answer.sentence
    if answer.meaning in _ENDS_THE_VISIT:
        visit.failures += 1
        visit.next_try = now + max(pause(visit.failures), min(answer.wait, LONGEST_PAUSE))


def _erase_all(job: FlushOptions, destinations: int) -> list[Result]:
    """Ask for the erasures that endpoints owe; this waits for no pause."""
    whole = Result()
    with _noted(whole, "The list of what endpoints are still to erase"):
        results = []
        for owed in erasures.pending(job.state):
            results.append(result := Result())
            with _noted(result):
                _erase(job, owed, destinations, result)
        return results
    return [whole]


def _erase(job: FlushOptions, owed: erasures.Erasure, destinations: int, result: Result) -> None:
    """Ask an endpoint for an erasure that it owes. Raises DevtelError, OSError."""
    result.host = destination.parse(owed.url).host
    token = _token(job, owed.key, owed.url, destinations)
    with _endpoint(job, owed.url, result.host, token) as endpoint:
        outcome = erasure_requests.ask(job.state, endpoint, owed, job.in_person)
    if outcome.fault is not None:
        result.faults.append(outcome.fault)
    else:
        result.erasures.append(outcome.sentence)


def _token(job: FlushOptions, key: str, url: str, destinations: int) -> str:
    return tokens.find(job.state.config, job.environ, key, url, only_destination=destinations == 1)


@contextmanager
def _endpoint(job: FlushOptions, url: str, host: str, token: str) -> Iterator[ReportEndpoint]:
    endpoint = ReportEndpoint(url, host, HttpClient(token), job.deadline)
    try:
        yield endpoint
    finally:
        endpoint.close()


@contextmanager
def _noted(result: Result, what: str = "What devtel keeps") -> Iterator[None]:
    """Note a fault instead of passing it on; `what` names what could not be read or written."""
    try:
        yield
    except DevtelError as fault:
        result.faults.append(fault)
    except OSError as fault:
        result.faults.append(_cannot_use(what, fault))


def _cannot_use(what: str, fault: OSError) -> DevtelError:
    where = f"{fault.filename}: " if fault.filename else ""
    return TryLaterError(f"{what} cannot be used now ({where}{fault.strerror or fault}).", "Nothing is lost.")


@contextmanager
def _alone(state: StateDir) -> Iterator[None]:
    """One flush at a time: the lock dies with its holder. Raises TryLaterError."""
    with ExitStack() as held:
        try:
            held.enter_context(locks.exclusive(state, locks.FLUSH, wait=0))
        except locks.BusyError:
            raise TryLaterError("Another flush is under way.", "It will send any pending reports.") from None
        except OSError as fault:
            raise _cannot_use("The state folder", fault) from None
        yield

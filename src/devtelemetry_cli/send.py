"""`devtel flush`: changed days -> report bytes -> POST -> ledger, as named steps.

flush               take the lock, read the decisions; then for every destination:
  keep_or_delete    delete what is not kept, and what a declined destination left
  request_erasures  ask for the erasures that endpoints have not confirmed
  send_destination  where consent is granted: find the token, open the endpoint
    send_host       the changed days of one machine, oldest first
      send_day      decide(report, entry) -> Skip | Freeze | Send, then act and apply_response
"""

import errno
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from devtelemetry_cli.client import consent_cache, destination, locks, machine, settings, tokens
from devtelemetry_cli.client.consent import decisions, withdrawal
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.http import HttpClient
from devtelemetry_cli.client.journal import machine_key
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasure_requests, erasures, outbox, retention
from devtelemetry_cli.client.send.endpoint import ReportEndpoint
from devtelemetry_cli.client.send.ledger import DeliveryStatus, Ledger
from devtelemetry_cli.client.send.outbox import Journal, Report
from devtelemetry_cli.client.send.responses import Answer, Meaning
from devtelemetry_cli.client.send.transitions import (
    LONGEST_PAUSE,
    Send,
    apply_response,
    count_failure,
    decide,
    next_try,
)
from devtelemetry_cli.errors import DevtelError, TryLaterError, reason
from devtelemetry_cli.model.metrics import Environment

_ENDS_VISIT = (Meaning.LATER, Meaning.RETRY_NOW, Meaning.STOP)
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # no other day could be written either


@dataclass(frozen=True)
class FlushOptions:
    """The input of one flush.

    `in_person`: a user waits for it, so no pause holds it back. `deadline` is on the monotonic clock. `progress` is
    called with (days done, days in all) before each day of a destination.
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
        """This machine; read when needed, and once, since make is run for its version."""
        return machine.snapshot(self.environ)

    def is_held_back(self, until: float) -> bool:
        """Whether a pause still lasts. One that ends later than any pause can was made by another clock."""
        return not self.in_person and self.now < until <= self.now + LONGEST_PAUSE

    def may_send(self, decision: Decision) -> bool:
        """Whether the decision is a grant that has not ended."""
        is_current = decision.state == consent_cache.GRANTED and self.now < decision.until.timestamp()
        return is_current and not decisions.is_declined(self.state, decision.key)


@dataclass
class Result:
    """The result for one destination: days stored, sentences about erasures, and faults."""

    host: str = ""
    sent: list[str] = field(default_factory=list)
    erasures: list[str] = field(default_factory=list)
    faults: list[DevtelError] = field(default_factory=list)

    def add(self, day: str, answer: Answer) -> None:
        """Add the answer to a day's report."""
        if answer.meaning is Meaning.STORED:
            self.sent.append(day)
        else:
            self.faults.append(answer.error(answer.sentence))


def flush(options: FlushOptions) -> list[Result]:
    """Send every destination its changed days. Raises TryLaterError while another flush runs, ConfigurationError.

    A fault of one destination, day or erasure is part of its result and holds back no other.
    """
    with _only_flush(options.state):
        user = settings.read_user(options.state.config)
        decided = decisions.decisions(user)
        urls = {decision.url for decision in decided.values()}
        kept = [keep_or_delete(options, decision, user.keep_days) for decision in decided.values()]
        erased = request_erasures(options, urls)
        sent = [send_destination(options, decision, urls) for decision in decided.values()]
        return [*kept, *erased, *sent]


def preview(options: FlushOptions) -> Iterator[tuple[Decision, Report]]:
    """The reports that a flush would send now, with their exact bytes; nothing is changed. Raises OSError."""
    for decision in decisions.decisions(settings.read_user(options.state.config)).values():
        if options.may_send(decision):
            for journal, ledger in _journals(options, decision):
                for day in outbox.changed(journal, ledger, options.today):
                    report = journal.report(day, options.machine)
                    if report.has_changes(ledger.entry(day)):
                        yield decision, report


def keep_or_delete(options: FlushOptions, decision: Decision, keep_days: int) -> Result:
    """Delete records after their time; the rest of a declined destination goes before anything is sent."""
    result = Result()
    with _noted(result):
        retention.destination(options.state, decision, keep_days, options.today)
    return result


def request_erasures(options: FlushOptions, urls: Collection[str]) -> list[Result]:
    """Ask for every pending erasure; no pause holds this back."""
    whole = Result()
    with _noted(whole, "The list of pending erasures"):
        return [_request_erasure(options, erasure, urls) for erasure in erasures.pending(options.state)]
    return [whole]


def send_destination(options: FlushOptions, decision: Decision, urls: Collection[str]) -> Result:
    """Send one destination the changed days of each machine, where consent is granted."""
    result = Result()
    if options.may_send(decision):
        with _noted(result), _endpoint(options, decision.key, decision.url, urls, result) as endpoint:
            for journal, ledger in _journals(options, decision):
                if not send_host(options, journal, ledger, endpoint, result):
                    break
    return result


def send_host(
    options: FlushOptions, journal: Journal, ledger: Ledger, endpoint: ReportEndpoint, result: Result
) -> bool:
    """Send the changed days of one machine; False where the endpoint or the disk takes no more of them now.

    Raises OSError where the folders themselves cannot be used.
    """
    status = ledger.delivery_status()
    if options.is_held_back(status.next_try):
        return True
    answers: dict[str, Answer] = {}
    changed = list(outbox.changed(journal, ledger, options.today))
    for done, day in enumerate(changed):
        options.progress(done, len(changed))
        if not consent_still_valid(options, journal.decision):
            return False
        try:
            answer = send_day(options, ledger, endpoint, journal.report(day, options.machine))
        except OSError as fault:
            result.faults.append(_unusable(f"The records of {day}", fault))
            if fault.errno in _DISK_ERRORS:
                return False
            continue
        if answer is not None:
            answers[day] = answer
            result.add(day, answer)
            if answer.meaning in _ENDS_VISIT:
                break
    end_visit(options, ledger, status, answers)
    return not any(answer.meaning in _ENDS_VISIT for answer in answers.values())


def consent_still_valid(options: FlushOptions, decision: Decision) -> bool:
    """Whether the grant is still in force: it may be withdrawn during a flush. Raises ConfigurationError."""
    now = decisions.find(options.state.config, decision.key)
    return now is not None and now.grant == decision.grant and options.may_send(now)


def send_day(options: FlushOptions, ledger: Ledger, endpoint: ReportEndpoint, report: Report) -> Answer | None:
    """Send one day's report where it has changes; None where nothing left. Raises OSError."""
    entry = ledger.entry(report.date)
    step = decide(report, entry, is_held_back=options.is_held_back(entry.next_try))
    if step.entry is not None:
        ledger.keep(step.entry)
    if not isinstance(step, Send):
        return None
    answer = endpoint.report(report.body)
    ledger.keep(apply_response(step.entry, entry, answer, options.now))
    return answer


def end_visit(options: FlushOptions, ledger: Ledger, status: DeliveryStatus, answers: dict[str, Answer]) -> None:
    """Write the delivery status after a visit, and count internal errors against the days that alone got them.

    An endpoint whose database is away fails on every report. So a day is at fault only where the same visit stored
    another one; otherwise the endpoint as a whole is tried again later. Raises OSError.
    """
    for answer in answers.values():
        _note(status, answer, options.now)
    failing = [day for day, answer in answers.items() if answer.meaning is Meaning.RETRY_LIMITED]
    if failing and not any(answer.meaning is Meaning.STORED for answer in answers.values()):
        _postpone(status, answers[failing[-1]], options.now)
    else:
        for day in failing:
            ledger.keep(count_failure(ledger.entry(day), answers[day], options.now))
    ledger.keep_delivery_status(replace(status, last_flush=options.now))


def _note(status: DeliveryStatus, answer: Answer, now: float) -> None:
    if answer.meaning is Meaning.STORED:
        status.last_success, status.failures, status.next_try, status.last_error = now, 0, 0.0, ""
        return
    status.last_error = answer.sentence
    if answer.meaning in _ENDS_VISIT:
        _postpone(status, answer, now)


def _postpone(status: DeliveryStatus, answer: Answer, now: float) -> None:
    status.failures += 1
    status.next_try = next_try(status.failures, answer, now)


def _request_erasure(options: FlushOptions, erasure: erasures.Erasure, urls: Collection[str]) -> Result:
    result = Result()
    with _noted(result), _endpoint(options, erasure.key, erasure.url, urls, result) as endpoint:
        outcome = erasure_requests.ask(options.state, endpoint, erasure, options.in_person)
        if outcome.fault is not None:
            result.faults.append(outcome.fault)
        elif outcome.sentence:
            result.erasures.append(outcome.sentence)
        if outcome.is_settled:
            withdrawal.finish(options.state, erasure.key)  # the token was kept for this request
    return result


def _journals(options: FlushOptions, decision: Decision) -> Iterator[tuple[Journal, Ledger]]:
    """Journal and ledger of each machine whose records are delivered from here."""
    for host in machine_key.recorded_keys(options.state, decision.key):
        folder = Path(options.state.journal(decision.key, host))
        yield Journal(folder, host, decision), Ledger(options.state, decision.key, host)


@contextmanager
def _endpoint(
    options: FlushOptions, key: str, url: str, urls: Collection[str], result: Result
) -> Iterator[ReportEndpoint]:
    """The endpoint at `url` with its token; `urls` are those of all decisions. Raises ConfigurationError."""
    result.host = destination.label(url, urls)
    token = tokens.find(options.state.config, options.environ, key, url, urls)
    endpoint = ReportEndpoint(url, result.host, HttpClient(token), options.deadline)
    try:
        yield endpoint
    finally:
        endpoint.close()


@contextmanager
def _noted(result: Result, subject: str = "The files of devtel") -> Iterator[None]:
    """Add a fault to the result instead of passing it on; `subject` names what could not be read or written."""
    try:
        yield
    except DevtelError as fault:
        result.faults.append(fault)
    except OSError as fault:
        result.faults.append(_unusable(subject, fault))


def _unusable(subject: str, fault: OSError) -> DevtelError:
    where = f"{fault.filename}: " if fault.filename else ""
    return TryLaterError(f"{subject} cannot be used now ({where}{reason(fault)}).", "Nothing is lost.")


@contextmanager
def _only_flush(state: StateDir) -> Iterator[None]:
    """One flush at a time. Raises TryLaterError."""
    with ExitStack() as held:
        try:
            held.enter_context(locks.exclusive(state, locks.FLUSH, wait=0))
        except locks.BusyError:
            raise TryLaterError("Another flush is running.", "It will send any pending reports.") from None
        except OSError as fault:
            raise _unusable("The state folder", fault) from None
        yield

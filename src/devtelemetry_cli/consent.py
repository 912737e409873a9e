"""Consent: the state of a place, its terms, each decision, and the question after a run.

The parts are in client/consent: terms, decisions (the user config), withdrawal (deletion and erasures), notice and
question (the text), prompt and terminal (the person), ask_limit (how often). A wrapped run loads this module while
make runs, so a module that only a decision needs is imported where it is used.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from devtelemetry_cli.client import consent_cache, destination, locks, paths, settings, switches
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.terms import Terms, covers, of_project
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.report.fields import NOTICE_VERSION

# The state of a place


def judge(context: Context, now: float) -> ConsentStatus:
    """The consent state of a place, with the rule that decided it. Reads files, changes nothing."""
    switch = switches.switched_off(context.environ)
    if switch:
        return ConsentStatus(state=consent_cache.OFF, rule=f"{switch} is set")
    if foreign := paths.foreign_path(context.state):
        return ConsentStatus(state=consent_cache.OFF, rule=f"{foreign} belongs to another user")
    try:
        user = settings.read_user(context.config)
        project = settings.read_project(context.project)
        decided = decisions.decisions(user)
        terms = asked_terms(context.environ, user, project, context.every_target)
    except ConfigurationError as fault:
        return ConsentStatus(state=consent_cache.OFF, rule=fault.message)
    key = terms.destination.key if terms else destination.NOWHERE
    if declined := _declined(context.state, decided, (key, _own_key(project))):
        return declined
    status = _status(decided.get(key), terms, project, key, now)
    return _narrowed(status, decided[key], terms) if context.every_target and key in decided else status


def too_slow() -> ConsentStatus:
    """The consent state where the files take too long to read while make waits."""
    return ConsentStatus(state=consent_cache.OFF, rule="the project file takes too long to read")


def describe(state: str, rule: str) -> str:
    """The state with the rule that decided it: "granted on 2026-11-22", "off: CI is set"."""
    return rule if rule.startswith(state) else f"{state}: {rule}"


def _narrowed(status: ConsentStatus, decision: Decision, terms: Terms | None) -> ConsentStatus:
    """The state for a whole call: an agreement to chosen targets does not cover it."""
    if status.state not in (consent_cache.GRANTED, consent_cache.LOCAL) or decision.every_target:
        return status
    rule = f"{status.rule} for chosen targets, and this repository measures every target"
    return ConsentStatus(state=consent_cache.UNDECIDED, rule=rule, journal=decision.key, ask=terms is not None)


def _declined(state: StateDir, decided: dict[str, Decision], keys: Iterable[str]) -> ConsentStatus | None:
    """The state where one of the destinations was declined; the marker alone is enough."""
    for key in filter(None, keys):
        decision = decided.get(key)
        is_decided = decision is not None and decision.state == consent_cache.DECLINED
        on_day = f" on {decisions.day(decision.decided)}" if decision and is_decided else ""
        if on_day or os.path.lexists(state.declined_marker(key)):
            return ConsentStatus(state=consent_cache.DECLINED, rule=f"declined{on_day}", journal=key)
    return None


def _own_key(project: settings.ProjectFile) -> str:
    """The key of the repository's own address: declined, it stays so whatever address the environment gives."""
    try:
        return destination.parse(project.report_url).key if project.report_url else ""
    except ConfigurationError:
        return ""


def _status(
    decision: Decision | None, terms: Terms | None, project: settings.ProjectFile, key: str, now: float
) -> ConsentStatus:
    if decision is None:
        rule = "nothing was decided yet" if terms else "no report URL is set, and nothing was decided"
        return ConsentStatus(state=consent_cache.UNDECIDED, rule=rule, journal=key, ask=terms is not None)
    if decision.until.timestamp() <= now:
        rule = f"the agreement of {decisions.day(decision.decided)} ended on {decisions.day(decision.until)}"
        return ConsentStatus(state=consent_cache.UNDECIDED, rule=rule, journal=key, ask=terms is not None)
    return ConsentStatus(
        state=decision.state,
        rule=f"{decision.state} on {decisions.day(decision.decided)}",
        journal=decision.journal,
        grant=decision.grant,
        until=int(decision.until.timestamp()),
        ask=decision.state == consent_cache.GRANTED and terms is not None and not covers(decision, terms),
        project=project.project,
        targets=project.targets,
        default_branch=project.default_branch,
    )


# The terms


def asked_terms(
    environ: dict[str, str], user: settings.UserConfig, project: settings.ProjectFile, every_target: bool = False
) -> Terms | None:
    """The terms asked for in a place; None without a report URL. Raises ConfigurationError."""
    address = settings.report_url(environ, user, project)
    if not address.url:
        return None
    return of_project(destination.parse(address.url), address.source, project, every_target)


# The decisions. Each is made under one lock with all that follows from it: of two at once, the later one wins whole.


def grant(state: StateDir, terms: Terms, now: float) -> Decision:
    """Agree to the terms: a new random ID, unless this renews a grant. Raises OSError."""

    def change(known: dict[str, Decision]) -> None:
        before = known.get(terms.destination.key)
        renewed = before if before is not None and before.state == consent_cache.GRANTED else None
        known[terms.destination.key] = Decision(
            key=terms.destination.key,
            url=terms.destination.url,
            state=consent_cache.GRANTED,
            decided=_moment(now),
            grant=renewed.grant if renewed else decisions.new_grant(),
            anonymous_id=renewed.anonymous_id if renewed else decisions.new_anonymous_id(),
            organisation=terms.organisation,
            purpose=terms.purpose,
            contact=terms.contact,
            notice=NOTICE_VERSION,
            notice_hash=terms.hash(),
            every_target=terms.every_target,
        )

    with locks.exclusive(state, locks.CONSENT):
        return _store(state, terms.destination.key, change)[terms.destination.key]


def local(state: StateDir, terms: Terms | None, now: float, every_target: bool = False) -> Decision:
    """Record for this developer only: records meant to be sent become local, and sent ones are withdrawn.

    `every_target` is the scope where there are no terms. Raises OSError.
    """
    from devtelemetry_cli.client.consent import withdrawal  # noqa: PLC0415

    key, url = (terms.destination.key, terms.destination.url) if terms else (destination.NOWHERE, "")
    scope = terms.every_target if terms else every_target

    def change(known: dict[str, Decision]) -> None:
        before = known.get(key)
        kept = before.grant if before is not None and before.state == consent_cache.LOCAL else decisions.new_grant()
        known[key] = Decision(
            key=key, url=url, state=consent_cache.LOCAL, decided=_moment(now), grant=kept, every_target=scope
        )

    with locks.exclusive(state, locks.CONSENT):
        withdrawal.queue_erasures(state, key)
        decision = _store(state, key, change)[key]
        withdrawal.make_local(state, key)
        return decision


@dataclass(frozen=True)
class Declined:
    """A decline: whether an erasure was queued, and the files that could not be deleted or changed."""

    queued: bool = False
    left: list[str] = field(default_factory=list)


def decline(state: StateDir, key: str, url: str, now: float) -> Declined:
    """Refuse, or withdraw: delete the records, queue the erasure of sent reports, then delete the rest.

    It works in every state of the files: the marker or the decision is enough, and each step is tried. The records go
    first, so that a full disk has room for the decision. Running it again completes what is left. Raises OSError where
    neither marker nor decision could be written, ConfigurationError for files of another user.
    """
    from devtelemetry_cli.client.consent import withdrawal  # noqa: PLC0415

    def change(known: dict[str, Decision]) -> None:
        known[key] = Decision(key=key, url=url, state=consent_cache.DECLINED, decided=_moment(now))

    attempts = withdrawal.Attempts()
    with attempts.locked(state):
        attempts.run(withdrawal.delete_records, state, key)
        attempts.run(decisions.keep_marker, state.declined_marker(key), True)
        queued = attempts.run(withdrawal.queue_erasures, state, key, url)
        if queued is not None:  # else the ID stays in ledger and config, for the next try
            attempts.run(_store, state, key, change)
            attempts.run(withdrawal.delete_everything, state, key)
        attempts.run(withdrawal.delete, state.consent_cache)
    if not decisions.is_declined(state, key):
        raise attempts.faults[0]
    return Declined(bool(queued), [fault.filename or state.folder for fault in attempts.faults])


def forget(state: StateDir, key: str, url: str = "") -> bool:
    """Erase everything recorded and sent so far, here and at the endpoint; a new ID is used from now on.

    It needs no decision: what a damaged config has left is erased too, at `url`. True where an erasure was queued.
    Raises OSError.
    """
    from devtelemetry_cli.client.consent import withdrawal  # noqa: PLC0415

    def change(known: dict[str, Decision]) -> None:
        if key in known and known[key].state == consent_cache.GRANTED:
            before = known[key]
            known[key] = replace(before, grant=decisions.new_grant(), anonymous_id=decisions.new_anonymous_id())

    with locks.exclusive(state, locks.CONSENT):
        withdrawal.delete_records(state, key)
        queued = withdrawal.queue_erasures(state, key, url)
        if not decisions.is_undecided(state, key):
            _store(state, key, change)
        withdrawal.delete_ledger(state, key)
        return queued


def _store(state: StateDir, key: str, change: decisions.Change) -> dict[str, Decision]:
    """Write the decisions, and bring all that depends on that of `key` up to date; all of them. Raises OSError."""
    from devtelemetry_cli.client import start_file  # noqa: PLC0415
    from devtelemetry_cli.client.consent import ask_limit, withdrawal  # noqa: PLC0415
    from devtelemetry_cli.client.journal import dropped  # noqa: PLC0415

    written: dict[str, Decision] = {}

    def noted(known: dict[str, Decision]) -> None:
        change(known)
        written.update(known)

    decisions.update(state, noted)
    withdrawal.delete(state.consent_cache)  # made from the old config, with its agreements
    ask_limit.forget(state, key)
    if key in written:
        decisions.mark(state, written[key])
    start_file.refresh(state)
    if key in written and written[key].state != consent_cache.DECLINED:
        dropped.prepare(state)
    return written


# The question


def ask_after_run(context: Context, mode: str) -> None:
    """Ask, or print a line of invitation, as `mode` (terminal.prompt_mode) and the limit allow.

    After a yes the token is taken and the schedule offered. Raises OSError where the question cannot be counted, or
    the answer not be stored.
    """
    from devtelemetry_cli.client.consent import ask_limit, prompt, question, terminal  # noqa: PLC0415

    user, project = settings.read_user(context.config), settings.read_project(context.project)
    asked = asked_terms(context.environ, user, project, context.every_target)
    if asked is None or (mode == terminal.ASK and prompt.input_is_waiting()):
        return
    if not ask_limit.spend(context.state, asked.destination.key, time.time()):
        return
    if mode == terminal.INVITE:
        question.invite(asked)
        return
    prompt.say("\n")
    with prompt.raw_keys():  # no Ctrl-C ends the make above while an answer is stored
        if apply(context.state, asked, question.put(context.config, asked)) == prompt.YES:
            question.set_up()


def apply(state: StateDir, asked: Terms, answer: str) -> str:
    """Store an answer (prompt.YES, LOCAL, NEVER or NOT_NOW), say what follows, and return it. Raises OSError."""
    from devtelemetry_cli.client.consent import prompt  # noqa: PLC0415

    now = time.time()
    if answer == prompt.YES:
        anonymous_id = grant(state, asked, now).anonymous_id
        said = f"Thank you. Your anonymous ID is {anonymous_id}. Stop at any time: devtel consent decline"
    elif answer == prompt.LOCAL:
        local(state, asked, now)
        said = "Recorded for yourself only; nothing is sent."
    elif answer == prompt.NEVER:
        decline(state, asked.destination.key, asked.destination.url, now)
        said = "Nothing is recorded, and you are not asked again."
    else:
        said = "Not now, then. `devtel consent` asks again whenever you like."
    prompt.tell(said)
    return answer


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC).replace(microsecond=0)

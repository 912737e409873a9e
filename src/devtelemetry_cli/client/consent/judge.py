"""Settings and decisions -> the verdict for one place. Reads files, changes nothing."""

from datetime import UTC, datetime

from devtelemetry_cli.client import consent_cache, destination, settings, switches
from devtelemetry_cli.client.consent import decisions, notice
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.errors import ConfigurationError

WORDING = "the wording of the notice"  # a change of which no more can be told


def judge(environ: dict[str, str], config: str, project_path: str | None, now: float) -> ConsentStatus:
    """The verdict for runs in a place, with the sentence of the rule that won."""
    switch = switches.switched_off(environ)
    if switch:
        return ConsentStatus(state=consent_cache.OFF, rule=f"{switch} is set")
    try:
        user = settings.read_user(config)
        project = settings.read_project(project_path)
        decided = decisions.decisions(user)
        terms = asked_terms(environ, user, project)
    except ConfigurationError as fault:
        return ConsentStatus(state=consent_cache.OFF, rule=fault.message)
    key = terms.destination.key if terms else destination.NOWHERE
    return _answer(decided.get(key), terms, project, key, now)


def describe(state: str, rule: str) -> str:
    """The state with the rule that decided it: "granted on 2026-11-22", "off: CI is set"."""
    return rule if rule.startswith(state) else f"{state}: {rule}"


def asked_terms(
    environ: dict[str, str], user: settings.UserConfig, project: settings.ProjectFile
) -> notice.Terms | None:
    """What would be agreed to in this place; None where no report URL is known. Raises ConfigurationError."""
    address = settings.report_url(environ, user, project)
    if not address.url:
        return None
    return notice.terms(destination.parse(address.url), address.source, project)


def _answer(
    decision: decisions.Decision | None,
    terms: notice.Terms | None,
    project: settings.ProjectFile,
    key: str,
    now: float,
) -> ConsentStatus:
    if decision is None:
        return ConsentStatus(
            state=consent_cache.UNDECIDED,
            rule="nothing was decided yet" if terms else "no report URL is set, and nothing was decided",
            journal=key,
            ask=terms is not None,
        )
    if decision.state == consent_cache.DECLINED:
        return ConsentStatus(state=consent_cache.DECLINED, rule=f"declined on {_day(decision.decided)}", journal=key)
    if decision.until.timestamp() <= now:
        rule = f"the agreement of {_day(decision.decided)} ended on {_day(decision.until)}"
        return ConsentStatus(state=consent_cache.UNDECIDED, rule=rule, journal=key, ask=terms is not None)
    return ConsentStatus(
        state=decision.state,
        rule=f"{decision.state} on {_day(decision.decided)}",
        journal=decision.journal,
        grant=decision.grant,
        until=int(decision.until.timestamp()),
        ask=decision.state == consent_cache.GRANTED and terms is not None and terms.hash() != decision.notice_hash,
        project=project.project,
        targets=project.targets,
        default_branch=project.default_branch,
    )


def differences(terms: notice.Terms, decision: decisions.Decision) -> list[str]:
    """What changed since the agreement, a sentence each; empty while it covers the terms."""
    if terms.hash() == decision.notice_hash:
        return []
    agreed = {
        "organisation": decision.organisation,
        "purpose": decision.purpose,
        "contact": decision.contact,
        "notice": str(decision.notice),
    }
    return notice.changes(terms, agreed) or [WORDING]


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d")

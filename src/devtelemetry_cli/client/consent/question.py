"""Ask at a terminal for one decision, and carry it out: at the end of a run, or by `devtel consent`."""

import time

from devtelemetry_cli.client import consent_cache, settings
from devtelemetry_cli.client.consent import ask_limit, decide, decisions, judge, notice, prompt, terminal
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.paths import StateDir

_QUESTION = "Agree? [y]es, [l]ocal: only for yourself, [n]o, [s]how me everything; Enter: not now > "


def after_a_run(place: Context, manner: str) -> None:
    """Ask, or invite by one line, under the budget. Raises OSError where it can't be counted or kept."""
    terms = _terms(place)
    if terms is None or (manner == terminal.ASK and prompt.input_is_waiting()):
        return
    if not ask_limit.spend(place.state, terms.destination.key, time.time()):
        return
    if manner == terminal.ASK:
        prompt.say("\n")
        shown = introduction(place, terms, notice.short(terms))
        if ask_and_apply(place.state, terms, shown) == prompt.YES:
            prompt.say("`devtel schedule install` sends the reports once a day; `devtel status` tells what stands.\n")
    else:
        prompt.say(f"devtel: {terms.destination.host} asks for build telemetry; `devtel consent` tells more.\n")


def introduction(place: Context, terms: Terms, text: str) -> str:
    """What stands in front of the question: `text`, the notice, with what was decided before.

    Who agreed to other terms is shown the difference alone; all the rest is there for the asking.
    """
    known = decisions.decisions(decisions.read(place.config))
    before = known.get(terms.destination.key)
    if before is None:
        others = [other.url for other in known.values() if other.state == consent_cache.GRANTED]
        return _remark("You agreed to reports elsewhere. This is another address than", others) + text
    return _since(before, terms, text)


def _since(before: Decision, terms: Terms, text: str) -> str:
    """The notice for who decided about this destination before."""
    decided = f"{before.decided:%Y-%m-%d}"
    if before.state == consent_cache.LOCAL:
        return f"Since {decided} you record for yourself only; those records are never sent.\n\n{text}"
    if before.state == consent_cache.DECLINED:
        return f"You declined this on {decided}.\n\n{text}"
    changed = judge.differences(terms, before)
    if before.until.timestamp() <= time.time():
        ended = f"You agreed to this on {decided}. That ended on {before.until:%Y-%m-%d}; nothing is recorded since."
        return f"{ended}\n\n{_remark('What has changed since you agreed:', changed)}{text}"
    if not changed:
        return f"You agreed to this on {decided}; agreeing again renews it for 13 months.\n\n{text}"
    if judge.WORDING in changed:  # so the difference cannot be told
        return _remark("What you agreed to has changed, and until you agree again the old terms hold:", changed) + text
    return notice.again(terms, decided, changed)


def _remark(headline: str, lines: list[str]) -> str:
    return "\n".join([headline, *(f"  - {line}" for line in lines), "", ""]) if lines else ""


def ask_and_apply(state: StateDir, terms: Terms, shown: str) -> str:
    """Ask and carry the answer out: prompt.YES, LOCAL, NO or NOT_NOW. Raises OSError where it can't be kept."""
    answer = prompt.ask(shown, notice.full(terms), _QUESTION)
    now = time.time()
    if answer == prompt.YES:
        decision = decide.grant(state, terms, now)
        prompt.say(
            f"Thank you. Your anonymous ID is {decision.anonymous_id}. Stop at any time: devtel consent decline\n"
        )
    elif answer == prompt.LOCAL:
        decide.local(state, terms, now)
        prompt.say("Recorded for yourself only; nothing is sent.\n")
    elif answer == prompt.NO:
        decide.decline(state, terms.destination.key, terms.destination.url, now)
        prompt.say("Nothing is recorded, and you are not asked again.\n")
    else:
        prompt.say("Not now, then. `devtel consent` asks again whenever you like.\n")
    return answer


def _terms(place: Context) -> Terms | None:
    user = settings.read_user(place.config)
    return judge.asked_terms(place.environ, user, settings.read_project(place.project))

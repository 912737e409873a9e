"""The question: the notice with the decision made before, and the answer of a person at the terminal."""

import os
import subprocess
import time
from collections.abc import Callable
from functools import partial

from devtelemetry_cli.client import consent_cache, make_call, own_command, text
from devtelemetry_cli.client.consent import decisions, notice, prompt, terminal, terms
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.terms import Terms

_QUESTION = "Agree? [y]es / [l]ocal only / [N]ot now / ne[v]er / [s]how all >"
_PLACES = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")  # where the agreement was stored
Notice = Callable[[Terms, int], str]


def put(config: str, asked: Terms, shown: Notice = notice.short) -> str:
    """Ask a person: prompt.YES, LOCAL, NEVER or NOT_NOW. `shown` is the notice before the question."""
    width = terminal.width()
    known = decisions.decisions(decisions.read(config))
    begin = introduction(known, asked, shown(asked, width), time.time(), width)
    question = "\n".join(text.wrapped(_QUESTION, width)) + " "
    emphasise = partial(_emphasise, notice.host(asked, width))
    return prompt.ask(emphasise(begin), emphasise(notice.full(asked, width)), question)


def invite(asked: Terms) -> None:
    """Print one line instead of the question."""
    prompt.say(f"devtel: {asked.destination.host} asks for build telemetry; `devtel consent` shows the details.\n")


def introduction(known: dict[str, Decision], asked: Terms, shown: str, now: float, width: int) -> str:
    """The text before the question: `shown`, the notice, with the decision made before.

    After an agreement to other terms only the difference is shown; `show` prints the rest.
    """
    before = known.get(asked.destination.key)
    if before is None:
        others = [other.url for other in known.values() if other.state == consent_cache.GRANTED]
        return _listed("You agreed to reports elsewhere. This is another address than", others, width) + shown
    decided = decisions.day(before.decided)
    if before.state == consent_cache.LOCAL:
        return _above(f"Since {decided} you record for yourself only; those records are never sent.", shown, width)
    if before.state == consent_cache.DECLINED:
        return _above(f"You declined this on {decided}.", shown, width)
    return _since_agreement(before, asked, shown, now, width)


def set_up() -> None:
    """Take the token and offer the schedule, in a process of its own: builds load neither. Raises OSError.

    It gets the environment of the person, not that of a Makefile (TZ, proxies), since a schedule keeps parts of it.
    """
    environ = make_call.given_environment()
    environ |= {name: value for name, value in os.environ.items() if name in _PLACES or name.startswith("DEVTEL_")}
    command = [*own_command.words(environ.get("PATH")), "consent", "setup"]
    subprocess.run(command, env=environ, check=False)  # noqa: S603  devtel itself


def _since_agreement(before: Decision, asked: Terms, shown: str, now: float, width: int) -> str:
    decided, changed = decisions.day(before.decided), terms.differences(asked, before)
    if before.until.timestamp() <= now:
        ended = (
            f"You agreed to this on {decided}. That ended on {decisions.day(before.until)}; nothing is recorded since."
        )
        return _above(ended, _listed("What has changed since you agreed:", changed, width) + shown, width)
    if not changed:
        return _above(f"You agreed to this on {decided}; agreeing again renews it for 13 months.", shown, width)
    if terms.WORDING in changed:  # the difference cannot be shown, so the whole notice is
        headline = "What you agreed to has changed, and until you agree again the old terms hold:"
        return _listed(headline, changed, width) + shown
    return notice.again(asked, decided, changed, width)


def _above(sentence: str, shown: str, width: int) -> str:
    return "\n".join([*text.wrapped(sentence, width), "", shown])


def _listed(headline: str, sentences: list[str], width: int) -> str:
    items = [line for sentence in sentences for line in notice.item(sentence, width)]
    return "\n".join([*text.wrapped(headline, width), *items, "", ""]) if items else ""


def _emphasise(host: str, shown: str) -> str:
    """The text with the destination's host in bold, where the terminal shows it."""
    return shown.replace(host, f"\x1b[1m{host}\x1b[0m") if terminal.shows_colour(os.environ, 2) else shown

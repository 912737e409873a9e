"""Whose reports are meant: the destination of the place we stand in, or one that was named."""

from devtelemetry_cli.client import consent_cache, destination, settings
from devtelemetry_cli.client.consent import decisions, judge
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.errors import DevtelError


class AmbiguousError(DevtelError):
    """The destination has to be named, or named better (usage)."""

    exit_code = 2


def decision(context: Context, named: str | None) -> Decision:
    """The agreement about the destination called `named` (address, host or key), or about this place's.

    Raises AmbiguousError, ConfigurationError, and DevtelError with the reason where nothing is ever sent.
    """
    user = settings.read_user(context.config)
    decided = decisions.decisions(user)
    found = _named(decided, named) if named is not None else _here(context, user, decided)
    if found is None:
        raise DevtelError("Nothing is sent from here: nothing was decided yet.", "`devtel consent` shows and asks.")
    if found.state == consent_cache.LOCAL:
        raise DevtelError("Nothing is sent from here: recorded for yourself only.", "`devtel stats` shows your runs.")
    if found.state == consent_cache.DECLINED:
        raise DevtelError(f"Nothing is recorded or sent here: declined on {found.decided:%Y-%m-%d}.")
    return found


def _here(context: Context, user: settings.UserConfig, decided: dict[str, Decision]) -> Decision | None:
    """The decision about this place's destination; where it names none, the only agreement there is."""
    terms = judge.asked_terms(context.environ, user, settings.read_project(context.project))
    if terms is not None:
        return decided.get(terms.destination.key)
    return decided.get(destination.NOWHERE) or _only(decided)


def _named(decided: dict[str, Decision], named: str) -> Decision:
    near = [known for known in decided.values() if known.url and named in (known.key, known.url, _host(known))]
    if len(near) != 1:
        problem = "Several destinations are" if near else "You decided about no destination"
        raise AmbiguousError(f"{problem} called {named}.", _which(near or [*decided.values()]))
    return near[0]


def _only(decided: dict[str, Decision]) -> Decision | None:
    granted = [known for known in decided.values() if known.state == consent_cache.GRANTED]
    if len(granted) > 1:
        raise AmbiguousError("This place names no destination, and you agreed to several.", _which(granted))
    return granted[0] if granted else None


def _which(known: list[Decision]) -> str:
    addresses = [decision.url for decision in known if decision.url]
    return f"Say --destination and one of: {', '.join(addresses)}." if addresses else "`devtel consent list` is empty."


def _host(known: Decision) -> str:
    return destination.parse(known.url).host

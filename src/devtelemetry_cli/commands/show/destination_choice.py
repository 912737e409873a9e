"""The choice of a destination: the one of the current folder, or one that was named."""

from devtelemetry_cli import consent
from devtelemetry_cli.client import consent_cache, destination, settings
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.errors import DevtelError


class AmbiguousError(DevtelError):
    """The destination must be named, or named unambiguously (usage)."""

    exit_code = 2


def decision(context: Context, named: str | None) -> Decision:
    """The consent decision for the destination `named` (address, host or key), else for the current folder's.

    Raises AmbiguousError, ConfigurationError, and DevtelError with the reason where nothing is ever sent.
    """
    user = settings.read_user(context.config)
    decided = decisions.decisions(user)
    found = _named(decided, named) if named is not None else _here(context, user, decided)
    if found is None:
        raise DevtelError(
            "Nothing is sent from here: there is no consent decision yet.", "`devtel consent` asks for one."
        )
    if found.state == consent_cache.LOCAL:
        raise DevtelError("Nothing is sent from here: runs are recorded locally only.", "`devtel stats` shows them.")
    if found.state == consent_cache.DECLINED:
        raise DevtelError(f"Nothing is recorded or sent here: declined on {found.decided:%Y-%m-%d}.")
    return found


def _here(context: Context, user: settings.UserConfig, decided: dict[str, Decision]) -> Decision | None:
    """The decision for the folder's destination; where it has none, the only consent that was given."""
    terms = consent.asked_terms(context.environ, user, settings.read_project(context.project))
    if terms is not None:
        return decided.get(terms.destination.key)
    return decided.get(destination.NOWHERE) or _only(decided)


def _named(decided: dict[str, Decision], named: str) -> Decision:
    near = [known for known in decided.values() if known.url and named in (known.key, known.url, _host(known))]
    if len(near) != 1:
        problem = "Several destinations match" if near else "No consent decision for"
        raise AmbiguousError(f"{problem} {named}.", _alternatives(near or [*decided.values()]))
    return near[0]


def _only(decided: dict[str, Decision]) -> Decision | None:
    granted = [known for known in decided.values() if known.state == consent_cache.GRANTED]
    if len(granted) > 1:
        raise AmbiguousError("No destination is set here, and you agreed to several.", _alternatives(granted))
    return granted[0] if granted else None


def _alternatives(known: list[Decision]) -> str:
    addresses = [decision.url for decision in known if decision.url]
    return f"Use --destination with one of: {', '.join(addresses)}." if addresses else ""


def _host(known: Decision) -> str:
    return destination.parse(known.url).host

"""The notice: organisation, purpose, address, and every field that is sent. All text fits the width of a terminal."""

from functools import partial

from devtelemetry_cli.client import settings, text
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION

WIDTH = 78  # columns where no terminal has a width
_NAMED = 8  # chosen targets that are listed

NEVER = (
    "Never recorded: arguments and variables, file names and paths, branch names, commits, remote addresses, "
    "user and host names, anything that your builds print."
)
_IN_SHORT = (  # two lines of 78 columns
    "Sent: runs, durations, exit codes by target; active hours; kind of branch and machine; checkout age. "
    "Never: arguments, paths, branch or user names, output."
)
_PLUGIN = (
    "Where this machine allows it, devtel builds a small plug-in for make from its own source, with the machine's C "
    'compiler, and make loads it in such repositories. `engine = "wrapper"` in your config prevents that.'
)
_RENEWAL = (
    "Your agreement ends after 13 months, and you are asked again when anything in this notice changes. "
    "`devtel flush --dry-run` shows what would be sent, byte for byte."
)
_END = (
    "`devtel consent decline` ends it: every record on this machine is deleted, and the endpoint is asked to erase "
    "what it received. `devtel serve` does that. DevLake's plugin cannot: there, ask its operator with the ID that "
    "devtel shows you then."
)
_SOURCES = {
    settings.ENVIRONMENT: "this address comes from DEVTEL_REPORT_URL in your environment; a Makefile can set it too",
    settings.USER: "this address comes from your own config; it serves repositories that name none",
}
_PLAIN_HTTP = "WARNING: plain http to another machine: anyone on the way can read the reports."


def short(asked: Terms, width: int = WIDTH) -> str:
    """The notice before the question at the end of a run: with the question 8 lines of 80 columns, as a rule."""
    path = asked.destination.url.partition("://")[2].partition("/")[2]
    return _text(
        *text.wrapped(_question(asked), width),
        *_reasons(asked, width),
        *text.wrapped(_IN_SHORT, width),
        *text.wrapped(f"Reports go to /{path} on", width),
        *_destination(asked, width),
    )


def again(asked: Terms, agreed_on: str, differences: list[str], width: int = WIDTH) -> str:
    """The notice after an earlier agreement: the differences, and nothing else."""
    begin = f"You are asked again, since the terms that you agreed to on {agreed_on} have changed:"
    rest = "All else is as it was; show prints all of it. Until you agree again, the old terms hold."
    return _text(
        *text.wrapped(begin, width),
        *(line for sentence in differences for line in item(sentence, width)),
        *text.wrapped(rest, width),
        *_address(asked, width),
    )


def full(asked: Terms, width: int = WIDTH) -> str:
    """The whole notice with every field that is sent."""
    wrapped = partial(text.wrapped, width=width)
    return _text(
        f"devtel notice, version {NOTICE_VERSION}",
        *_reasons(asked, width),
        *wrapped(_measured(asked)),
        *(wrapped(_PLUGIN) if asked.every_target else []),
        "",
        *wrapped("What is sent, once a day, as the total of that day:"),
        *(line for one in FIELDS for line in item(f"{one.path}: {one.meaning}", width)),
        "",
        *wrapped(NEVER),
        "",
        *wrapped(_RENEWAL),
        *wrapped(_END),
        "",
        *_address(asked, width),
    )


def host(asked: Terms, width: int = WIDTH) -> str:
    """The line with the destination's host alone, which comes last before the answer: no other text can hide it."""
    return "\n".join(text.wrapped(f"    >>>  {asked.destination.host.upper()}  <<<", width))


def item(sentence: str, width: int) -> list[str]:
    """A sentence as an item of a list."""
    return [f"{'    ' if number else '  - '}{line}" for number, line in enumerate(text.wrapped(sentence, width - 4))]


def _text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def _question(asked: Terms) -> str:
    targets = "every make target takes"
    if not asked.every_target:
        targets = f"chosen make targets take{_named(asked.targets)}"
    return f"May devtel report daily, under a random ID, how long {targets}?"


def _named(targets: tuple[str, ...]) -> str:
    more = f" and {len(targets) - _NAMED} more" if len(targets) > _NAMED else ""
    return f" ({', '.join(targets[:_NAMED])}{more})" if targets else ""


def _measured(asked: Terms) -> str:
    if asked.every_target:
        return "Measured: every target. Each call of make in such a repository is one run, named by the goals you type."
    return f"Measured: chosen targets only, those that a Makefile hands to devtel{_named(asked.targets)}."


def _address(asked: Terms, width: int) -> list[str]:
    return [*text.wrapped(f"Reports go to {asked.destination.url}", width), *_destination(asked, width)]


def _destination(asked: Terms, width: int) -> list[str]:
    """Where the address comes from, and its host."""
    notes = [_SOURCES.get(asked.source, ""), _PLAIN_HTTP if asked.destination.is_plain_http_elsewhere else ""]
    lines = [f"    {line}" for note in notes for line in text.wrapped(note, width - 4)]
    return [*lines, host(asked, width)]


def _reasons(asked: Terms, width: int) -> list[str]:
    """Organisation and contact, on one line where they fit, and purpose: at most two lines each."""
    who, what, contact = (
        f"{name}: {value or 'not given'}"
        for name, value in (("Who asks", asked.organisation), ("What for", asked.purpose), ("Contact", asked.contact))
    )
    both = f"{who}    {contact}"
    first = [both] if text.columns(both) <= width else [*text.wrapped(who, width, 2), *text.wrapped(contact, width, 2)]
    return [*first, *text.wrapped(what, width, 2)]

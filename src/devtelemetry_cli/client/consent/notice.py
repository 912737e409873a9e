"""The notice: organisation, purpose, address, and every field that is sent."""

import hashlib
import json
import textwrap
from dataclasses import dataclass, field, replace

from devtelemetry_cli.client import settings, text
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION

WIDTH = 78
_NAMED = 8  # chosen targets that are listed
EVERY, CHOSEN = "every target", "chosen targets"

NEVER = (
    "Never recorded: arguments and variables, file names and paths, branch names, commits, remote addresses, "
    "user and host names, anything that your builds print."
)

_PLUGIN = (
    "Where this machine allows it, devtel builds a small plug-in for make from its own source, with the machine's C "
    'compiler, and make loads it in such repositories. `engine = "wrapper"` in your config prevents that.'
)


@dataclass(frozen=True)
class Terms:
    """What an agreement is about; when any of it changes, it is asked again. `source` is where the URL came from."""

    destination: Destination
    source: str
    organisation: str = ""
    purpose: str = ""
    contact: str = ""
    every_target: bool = False
    targets: tuple[str, ...] = field(default=(), compare=False)  # shown only: the chosen ones may become more

    @property
    def scope(self) -> str:
        """Which calls of make are measured."""
        return EVERY if self.every_target else CHOSEN

    def hash(self) -> str:
        """The hash of everything that is agreed to: destination, organisation, purpose, contact, scope and fields."""
        agreed = [self.destination.url, self.organisation, self.purpose, self.contact, self.scope]
        fields = [[one.path, one.meaning] for one in FIELDS]
        return hashlib.sha256(json.dumps([NOTICE_VERSION, agreed, fields]).encode()).hexdigest()


def terms(destination: Destination, source: str, project: settings.ProjectFile, every_target: bool = False) -> Terms:
    """The terms for a destination. Who asks and why is known only where the project file names the address."""
    asked = Terms(destination, source, every_target=every_target, targets=project.targets)
    if source != settings.PROJECT:
        return asked
    return replace(asked, organisation=project.organisation, purpose=project.purpose, contact=project.contact)


def short(asked: Terms) -> str:
    """The notice for a reader in a hurry, before the question at the end of a run."""
    lines = [
        "May devtel report how long your make targets take?",
        *_reasons(asked),
        *_wrapped(_measured(asked)),
        "",
        *_wrapped(
            "Sent once a day, under a random ID: which targets ran, how often, how long, with what exit code; "
            "the hours of activity; the kind of branch and the checkout's age; the machine's kind."
        ),
        *_wrapped(NEVER),
        "",
        *_wrapped("You can change your mind at any time: devtel consent decline erases everything."),
        *_address(asked),
    ]
    return "\n".join(lines) + "\n"


def again(asked: Terms, agreed_on: str, differences: list[str]) -> str:
    """The notice after an earlier agreement: the differences, and nothing else."""
    lines = [
        *_wrapped(f"You are asked again, since the terms that you agreed to on {agreed_on} have changed:"),
        *(line for sentence in differences for line in _item(sentence)),
        *_wrapped("All else is as it was; show prints all of it. Until you agree again, the old terms hold."),
        *_address(asked),
    ]
    return "\n".join(lines) + "\n"


def full(asked: Terms) -> str:
    """The whole notice with every field that is sent."""
    fields = [_field_lines(one.path, one.meaning) for one in FIELDS]
    lines = [
        f"devtel notice, version {NOTICE_VERSION}",
        *_reasons(asked),
        *_wrapped(_measured(asked)),
        *(_wrapped(_PLUGIN) if asked.every_target else []),
        "",
        *_wrapped("What is sent, once a day, as the total of that day:"),
        *(line for lines_of_one in fields for line in lines_of_one),
        "",
        *_wrapped(NEVER),
        "",
        *_wrapped(
            "Your agreement ends after 13 months, and you are asked again when anything in this notice changes. "
            "`devtel flush --dry-run` shows what would be sent, byte for byte."
        ),
        *_wrapped(
            "`devtel consent decline` ends it: every record on this machine is deleted, and the endpoint is asked "
            "to erase what it received. `devtel serve` does that. DevLake's plugin cannot: there, ask its operator "
            "with the ID that devtel shows you then."
        ),
        *_address(asked),
    ]
    return "\n".join(lines) + "\n"


def changes(asked: Terms, agreed: dict[str, str]) -> list[str]:
    """What differs from what was agreed to: one sentence each. `agreed` holds the texts of that time."""
    now = {
        "organisation": asked.organisation,
        "purpose": asked.purpose,
        "contact": asked.contact,
        "measured": asked.scope,
    }
    sentences = [
        f"{name}: was {_brief(agreed.get(name, ''))}, is now {_brief(value)}"
        for name, value in now.items()
        if value != agreed.get(name, "")
    ]
    version = int(agreed["notice"])
    if version != NOTICE_VERSION:
        sentences.append(f"the list of what is sent: was version {version}, is now {NOTICE_VERSION}")
        sentences += [f"new in it: {one.path}: {one.meaning}" for one in FIELDS if one.since > version > 0]
    return sentences


def _brief(value: str) -> str:
    return text.wrapped(value, 2 * WIDTH, 1)[0] if value else "not given"


def _measured(asked: Terms) -> str:
    if asked.every_target:
        return "Measured: every target. Each call of make in such a repository is one run, named by the goals you type."
    more = f" and {len(asked.targets) - _NAMED} more" if len(asked.targets) > _NAMED else ""
    named = f" ({', '.join(asked.targets[:_NAMED])}{more})" if asked.targets else ""
    return f"Measured: chosen targets only, those that a Makefile hands to devtel{named}."


def _address(asked: Terms) -> list[str]:
    """The destination. Its host comes last before the answer, alone on its line: nobody can push it away."""
    lines = ["", f"Reports go to {asked.destination.url}"]
    if asked.source == settings.ENVIRONMENT:
        lines.append("    (this address comes from DEVTEL_REPORT_URL in your environment, not from the repository)")
    if asked.source == settings.USER:
        lines.append("    (this address comes from your own config; it serves repositories that name none)")
    if asked.destination.is_plain_http_elsewhere:
        lines.append("    WARNING: plain http to another machine: anyone on the way can read the reports.")
    return [*lines, "", f"    >>>  {asked.destination.host.upper()}  <<<", ""]


def _reasons(asked: Terms) -> list[str]:
    named = (("Who asks", asked.organisation), ("What for", asked.purpose), ("Contact", asked.contact))
    return [line for name, value in named for line in text.wrapped(f"{name}: {value or 'not given'}", WIDTH, 2)]


def _field_lines(path: str, meaning: str) -> list[str]:
    return _item(f"{path}: {meaning}")


def _item(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH)

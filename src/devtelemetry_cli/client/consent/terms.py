"""The terms of an agreement, their hash, and what has changed in them since a decision."""

import hashlib
import json
from dataclasses import dataclass, field, replace

from devtelemetry_cli.client import settings, text
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.report.fields import FIELDS, NOTICE_VERSION

EVERY, CHOSEN = "every target", "chosen targets"
WORDING = "the wording of the notice"  # the only difference that can be named where the texts are the same
_LONGEST = 156  # columns of a project's text in a sentence: two lines of a terminal


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


def of_project(
    destination: Destination, source: str, project: settings.ProjectFile, every_target: bool = False
) -> Terms:
    """The terms for a destination. Who asks and why is known only where the project file names the address."""
    asked = Terms(destination, source, every_target=every_target, targets=project.targets)
    if source != settings.PROJECT:
        return asked
    return replace(asked, organisation=project.organisation, purpose=project.purpose, contact=project.contact)


def covers(decision: Decision, terms: Terms) -> bool:
    """Whether an agreement covers the terms; one to every target covers chosen ones."""
    return _in_scope(terms, decision).hash() == decision.notice_hash


def differences(terms: Terms, decision: Decision) -> list[str]:
    """Each change since the agreement as a sentence; empty while the agreement covers the terms."""
    if covers(decision, terms):
        return []
    terms, agreed_scope = _in_scope(terms, decision), EVERY if decision.every_target else CHOSEN
    values = [
        ("organisation", decision.organisation, terms.organisation),
        ("purpose", decision.purpose, terms.purpose),
        ("contact", decision.contact, terms.contact),
        ("measured", agreed_scope, terms.scope),
    ]
    changed = [f"{name}: was {_given(old)}, is now {_given(new)}" for name, old, new in values if old != new]
    return changed + _new_fields(decision.notice) or [WORDING]


def _in_scope(terms: Terms, decision: Decision) -> Terms:
    return replace(terms, every_target=terms.every_target or decision.every_target)


def _new_fields(agreed: int) -> list[str]:
    """The difference to a version of the notice; no list of fields is kept of versions before the first."""
    if agreed == NOTICE_VERSION:
        return []
    sentence = f"the list of what is sent: was version {agreed}, is now {NOTICE_VERSION}"
    return [sentence, *(f"new in it: {one.path}: {one.meaning}" for one in FIELDS if one.since > agreed > 0)]


def _given(value: str) -> str:
    return text.wrapped(value, _LONGEST, 1)[0] if value else "not given"

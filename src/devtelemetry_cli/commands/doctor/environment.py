"""The input of every check: the context and the readable part of its files."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from devtelemetry_cli.client import consent_cache, settings
from devtelemetry_cli.client.consent import decisions, judge
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.send.ledger import DeliveryStatus, Ledger
from devtelemetry_cli.errors import ConfigurationError

if TYPE_CHECKING:
    from devtelemetry_cli.commands.doctor.probe import Reply


@dataclass(frozen=True)
class Environment:
    """A place at a time. `started_as` is our own argv[0]; `offline` means that no network is touched.

    What is damaged counts as empty here: the check of the settings tells of it, once.
    """

    context: Context
    now: float
    started_as: str
    offline: bool = False
    asked: "dict[str, Reply]" = field(default_factory=dict)  # what destinations answered, by their report URLs

    @property
    def state(self) -> Path:
        """The state folder."""
        return Path(self.context.state)

    @property
    def today(self) -> date:
        """The local date."""
        return date.fromtimestamp(self.now)  # noqa: DTZ012  journals are named by the local day

    @cached_property
    def user(self) -> settings.UserConfig:
        """The user config."""
        try:
            return settings.read_user(self.context.config)
        except ConfigurationError:
            return settings.UserConfig(path=self.context.config)

    @cached_property
    def project(self) -> settings.ProjectFile:
        """The project file."""
        try:
            return settings.read_project(self.context.project)
        except ConfigurationError:
            return settings.ProjectFile()

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """Every decision, by the destination's key."""
        try:
            return decisions.decisions(self.user)
        except ConfigurationError:
            return {}

    @cached_property
    def terms(self) -> Terms | None:
        """What is asked here."""
        try:
            return judge.asked_terms(self.context.environ, self.user, self.project)
        except ConfigurationError:
            return None

    @cached_property
    def granted(self) -> list[Decision]:
        """The destinations that reports go to."""
        standing = [one for one in self.decisions.values() if one.state == consent_cache.GRANTED]
        return [one for one in standing if self.now < one.until.timestamp()]

    def visits(self, key: str) -> list[DeliveryStatus]:
        """How it went with a destination, for each machine key that has told it anything."""
        return [
            Ledger(self.context.state, key, folder.name).delivery_status()
            for folder in self.state.glob(f"ledger/{key}/*")
        ]

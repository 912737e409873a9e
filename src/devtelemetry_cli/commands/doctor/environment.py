"""The input of every check: the context and the readable part of its files."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import consent_cache, destination, settings, tokens
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.send.ledger import DeliveryStatus, Ledger
from devtelemetry_cli.commands import probe
from devtelemetry_cli.commands.probe import Reply
from devtelemetry_cli.errors import ConfigurationError


@dataclass(frozen=True)
class Environment:
    """A context at a time (seconds since the epoch). `started_as` is devtel's argv[0].

    `offline` forbids any request. `named` is an address that the user asked to contact.
    A damaged file counts as empty here; settings_checks.readable reports it once.
    """

    context: Context
    now: float
    started_as: str
    offline: bool = False
    named: str = ""
    _replies: dict[str, Reply] = field(default_factory=dict)

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
        """Every consent decision, by the key of its destination."""
        try:
            return decisions.decisions(self.user)
        except ConfigurationError:
            return {}

    @cached_property
    def terms(self) -> Terms | None:
        """The terms asked for here."""
        try:
            return consent.asked_terms(self.context.environ, self.user, self.project, self.context.every_target)
        except ConfigurationError:
            return None

    @cached_property
    def granted(self) -> list[Decision]:
        """The destinations with consent that has not expired."""
        granted = [one for one in self.decisions.values() if one.state == consent_cache.GRANTED]
        return [one for one in granted if self.now < one.until.timestamp()]

    @property
    def addresses(self) -> list[str]:
        """The report URLs that may be contacted: those with consent, and the one that the user named."""
        if self.offline:
            return []
        return list(dict.fromkeys([*(one.url for one in self.granted), *([self.named] if self.named else [])]))

    def label(self, url: str) -> str:
        """The host of an address; the whole address where another known destination has the same host."""
        return destination.label(url, (one.url for one in self.decisions.values()))

    def connection(self, url: str) -> Reply:
        """The answer to one GET of the connection, made once. Raises ConfigurationError for a damaged token.

        A token is sent only to a destination with consent.
        """
        if url not in self._replies:
            self._replies[url] = probe.connection(url, self._token(url))
        return self._replies[url]

    def accepts_reports(self, url: str) -> bool | None:
        """Whether a destination with consent accepts its token; None without a token or a clear answer."""
        token = self._token(url)
        return probe.accepts_reports(url, token) if token else None

    def _token(self, url: str) -> str:
        keys = [one.key for one in self.granted if one.url == url]
        decided = [one.url for one in self.decisions.values()]
        return tokens.find(self.context.config, self.context.environ, keys[0], url, decided) if keys else ""

    def delivery(self, key: str) -> list[DeliveryStatus]:
        """The delivery status of a destination, for each machine key that has sent to it."""
        hosts = self.state.glob(f"ledger/{key}/*")
        return [Ledger(self.context.state, key, folder.name).delivery_status() for folder in hosts]

"""Where a command is called: the same place that a wrapped run there would see."""

import os
from typing import TYPE_CHECKING

from devtelemetry_cli.client import settings
from devtelemetry_cli.client.consent import decisions, judge
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.context import Context

if TYPE_CHECKING:
    from devtelemetry_cli.client.consent.decide import Keeping


def here() -> Context:
    """The place we stand in."""
    return Context(dict(os.environ))


def keeping(place: Context) -> "Keeping":
    """Where its decisions and records are kept."""
    from devtelemetry_cli.client.consent.decide import Keeping  # noqa: PLC0415  who only reads waits for no locks to load

    return Keeping(place.config, place.state)


def terms(place: Context) -> Terms | None:
    """What would be agreed to here. A damaged user config does not matter: a new decision moves it aside.

    Raises ConfigurationError for a damaged project file or a wrong address.
    """
    return judge.asked_terms(place.environ, decisions.read(place.config), settings.read_project(place.project))
